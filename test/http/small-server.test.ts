// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Test, test } from "tap";
import { PLAIN, startSmallServer } from "../../lib/http/small-server.ts";

function start(port = 0) {
  return startSmallServer({
    address: { host: "127.0.0.1", port },
    paths: { "/a": () => ({ status: 200, type: PLAIN, text: "ä" }) },
    onError: () => undefined,
  });
}

async function started(t: Test): Promise<number> {
  const server = await start();
  t.teardown(() => server.stop());
  return server.port;
}

const get = (port: number, path: string, method = "GET"): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { method });

test("the paths it is given, with GET and HEAD, whatever the query", async (t) => {
  const port = await started(t);
  const answer = await get(port, "/a?verbose");
  t.equal(await answer.text(), "ä");
  t.equal(answer.headers.get("content-type"), PLAIN);
  t.equal(answer.headers.get("x-content-type-options"), "nosniff");
  const head = await get(port, "/a", "HEAD");
  t.equal(head.headers.get("content-length"), "2");
  t.equal(await head.text(), "");
});

test("nothing else is there", async (t) => {
  const port = await started(t);
  for (const path of ["/", "/a/", "/b", "/__proto__", "/constructor"]) {
    t.equal((await get(port, path)).status, 404, path);
  }
  const post = await get(port, "/a", "POST");
  t.equal(post.status, 405);
  t.equal(post.headers.get("allow"), "GET, HEAD");
});

test("a header of more than 8 KiB is refused", async (t) => {
  const port = await started(t);
  const answer = await fetch(`http://127.0.0.1:${port}/a`, { headers: { x: "x".repeat(10_000) } });
  t.equal(answer.status, 431);
});

test("of more than 64 connections the one that is silent for longest is closed", async (t) => {
  const port = await started(t);
  const sockets: Socket[] = [];
  t.teardown(() => sockets.map((socket) => socket.destroy()));
  const open = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined); // how it is closed is the system's matter
    sockets.push(socket);
    await once(socket, "connect");
  };
  const ask = async (socket: Socket) => {
    socket.write("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    const [data] = (await once(socket, "data")) as [Buffer];
    t.match(data.toString(), /^HTTP\/1\.1 200 /);
  };
  for (let i = 0; i < 64; i++) await open();
  await ask(sockets[0]!);
  const closed = [1, 2, 3].map((i) => new Promise((done) => sockets[i]!.on("close", done)));
  for (let i = 0; i < 3; i++) await open();
  await Promise.all(closed);
  await ask(sockets[0]!);
  await ask(sockets[4]!);
  await ask(sockets[66]!);
  t.equal(await (await get(port, "/a")).text(), "ä", "who asks is let in");
});

test("an address in use is the system's error", async (t) => {
  const port = await started(t);
  await t.rejects(start(port), { code: "EADDRINUSE" });
});

test("a stop does not wait for connections that are kept open", async (t) => {
  const server = await start();
  await (await get(server.port, "/a")).text();
  await server.stop();
  await t.rejects(get(server.port, "/a"));
});
