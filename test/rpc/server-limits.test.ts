// SPDX-License-Identifier: Apache-2.0
// What one peer can ask of the server, over real sockets and with clients of other makes.
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type Test, test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { prefixed } from "../../lib/rpc/message-prefix.ts";
import { ExportStoreRequest, ExportStoreResponse } from "../../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";
import { ServerConnection } from "../../lib/rpc/server-connection.ts";
import { data, headers, PREFACE, settings, windowUpdate } from "./scripted-client.ts";
import { serve, temporaryDirectory } from "./server-fixture.ts";
import { callOverSocket, fragmentingProxy } from "./socket-driver.ts";

const LARGE = "0123456789abcdef".repeat(200_000); // 3.2 MB, far above all windows
const large = { exportStore: async () => ({ content: LARGE }) };
const request = headers(1, 4, [
  [":method", "POST"],
  [":path", IPAM_METHODS.exportStore.path],
  ["content-type", "application/grpc"],
]);
const wideAsking = `${PREFACE}${settings([4, 2 ** 31 - 1])}${windowUpdate(0, 0x7fff0000)}${request}${data(1, prefixed(""), 1)}`;
const asking = PREFACE + settings() + request + data(1, prefixed(""), 1);

test("a large answer reaches grpc-js, Node's http2 with small windows, and the plugin's client", async (t) => {
  const server = await serve(t, large);
  const client = createIpamClient(server.address, { timeoutMs: 60_000 });
  t.teardown(() => client.close());
  t.equal((await client.exportStore({ format: "go" })).content, LARGE);
  t.equal(await http2Answer(t, server.socketPath), LARGE);
  const proxyPath = join(server.socketPath, "../proxy");
  const proxy = await fragmentingProxy(server.socketPath, proxyPath, () => 50_000);
  t.teardown(() => proxy.close());
  const ours = await callOverSocket({ socketPath: proxyPath, path: IPAM_METHODS.exportStore.path });
  t.equal("message" in ours && ExportStoreResponse.decode(ours.message).content, LARGE);
});

async function http2Answer(t: Test, socketPath: string): Promise<string> {
  const session = connectHttp2("http://localhost", {
    createConnection: () => connect(socketPath),
    settings: { initialWindowSize: 1000 },
  });
  t.teardown(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": IPAM_METHODS.exportStore.path,
    "content-type": "application/grpc",
  });
  stream.end(Buffer.from(prefixed(ExportStoreRequest.encodeOctets({ format: "go" })), "latin1"));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return ExportStoreResponse.decode(Buffer.concat(chunks).subarray(5)).content;
}

test("a large request arrives whole", async (t) => {
  const lengths: number[] = [];
  const server = await serve(t, {
    allocate: async ({ parameters }) => {
      lengths.push(parameters?.pools.join("").length ?? 0);
      return { allocations: [] };
    },
  });
  const client = createIpamClient(server.address, { timeoutMs: 60_000 });
  t.teardown(() => client.close());
  await client.allocate({ parameters: { ...EMPTY, pools: [LARGE] } });
  t.same(lengths, [LARGE.length]);
});

const EMPTY = {
  pools: [],
  cniIfname: "",
  cniContainerid: "",
  metadata: undefined,
  poolType: 0,
  requestedIps: [],
  features: undefined,
};

test("a peer that does not read its answer loses its connection", async (t) => {
  const server = await serve(t, large, { limits: { maxIdleMs: 200 } });
  // One closes its windows, the other lets the kernel's buffer run full.
  const windows = connect(server.socketPath);
  windows.write(asking, "latin1");
  windows.resume();
  const deaf = connect(server.socketPath);
  deaf.write(wideAsking, "latin1");
  deaf.pause();
  deaf.on("error", () => undefined);
  await once(windows, "close");
  const askedMs = performance.now();
  await server.stop(30_000);
  t.ok(performance.now() - askedMs < 20_000, "both are closed, or stop would wait for their answers");
  deaf.destroy();
});

test("a peer that breaks the protocol, reads nothing and talks on loses its connection", async (t) => {
  const server = await serve(t, large, { limits: { maxIdleMs: 200 } });
  const deaf = connect(server.socketPath);
  t.teardown(() => deaf.destroy());
  deaf.on("error", () => undefined);
  const closed = new Promise((done) => deaf.on("close", done));
  // Of this much the kernel keeps a part, and it is too little for the server to stop reading.
  deaf.write(PREFACE + settings([4, 800_000]) + windowUpdate(0, 0x7fff0000) + request, "latin1");
  deaf.write(data(1, prefixed(""), 1), "latin1");
  for (let length = 0; length < 1000; ) length = ((await once(deaf, "data")) as [Buffer])[0].length;
  deaf.pause();
  deaf.write(headers(2), "latin1");
  const talk = setInterval(() => deaf.write("more"), 20);
  t.teardown(() => clearInterval(talk));
  await closed;
  t.pass("closed");
});

test("a peer that reads nothing is not read either, until it does", async (t) => {
  const socketPath = join(await temporaryDirectory(t), "s");
  const accepted = Promise.withResolvers<Socket>();
  let requests = 0;
  const listener = createServer((socket) => {
    new ServerConnection(socket, {
      maxConcurrentStreams: 10,
      onClosed: () => undefined,
      onStream: (stream) => {
        requests++;
        stream.begin("\x88");
        stream.write(LARGE);
        stream.end("\x88");
      },
    });
    accepted.resolve(socket);
  }).listen(socketPath);
  t.teardown(() => listener.close());
  const client = connect(socketPath);
  client.pause();
  client.write(wideAsking, "latin1");
  const server = await accepted.promise;
  t.teardown(() => client.destroy());
  while (!server.isPaused()) await turn();
  client.write(headers(3), "latin1");
  await turn();
  t.equal(requests, 1);
  client.resume();
  while (requests < 2) await turn();
  t.equal(server.isPaused(), true, "by the second answer");
});

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));
