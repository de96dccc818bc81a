// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "tap";
import { startProxy } from "../support/api-server-proxy.ts";

/** A server that echoes, and a proxy before it. */
async function setUp(t: { teardown(end: () => unknown): void }) {
  const server = createServer((socket) => socket.pipe(socket).on("error", () => undefined));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const proxy = await startProxy(t, (server.address() as { port: number }).port);
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    t.teardown(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  const echo = async (socket: Socket, text: string): Promise<string> => {
    socket.write(text);
    const [data] = (await once(socket, "data")) as [Buffer];
    return data.toString();
  };
  return { proxy, open, echo };
}

test("cut ends what is open and nothing else", async (t) => {
  const { proxy, open, echo } = await setUp(t);
  const first = await open();
  t.equal(await echo(first, "a"), "a");
  const closed = once(first, "close");
  proxy.cut();
  await closed;
  t.equal(await echo(await open(), "b"), "b");
  t.equal(proxy.accepted(), 2);
});

test("refuse until restore", async (t) => {
  const { proxy, open, echo } = await setUp(t);
  const closed = once(await open(), "close");
  await proxy.refuse();
  await closed;
  await t.rejects(open(), { code: "ECONNREFUSED" });
  await proxy.restore();
  t.equal(await echo(await open(), "c"), "c");
});

test("hang: nothing comes, nothing closes, and it all comes after restore", async (t) => {
  const { proxy, open } = await setUp(t);
  const before = await open();
  proxy.hang();
  const got: string[] = [];
  before.on("data", (chunk: Buffer) => got.push(chunk.toString()));
  before.write("d");
  const late = await open();
  late.write("e");
  await new Promise((done) => setTimeout(done, 50));
  t.same(got, []);
  t.equal(before.destroyed || late.destroyed, false);
  const lateEcho = once(late, "data") as Promise<[Buffer]>;
  await proxy.restore();
  t.equal((await lateEcho)[0].toString(), "e");
  if (got.length === 0) await once(before, "data");
  t.same(got, ["d"]);
});
