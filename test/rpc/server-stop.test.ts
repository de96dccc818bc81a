// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { Code } from "../../lib/rpc/code.ts";
import type { AllocateResponse } from "../../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";
import { ServerConnection } from "../../lib/rpc/server-connection.ts";
import { ServerConnections } from "../../lib/rpc/server-connections.ts";
import { serve, temporaryDirectory } from "./server-fixture.ts";
import { beginCall, callOverSocket } from "./socket-driver.ts";

const path = IPAM_METHODS.allocate.path;

/** A handler that answers when told to. */
function slowHandler(): {
  begun: Promise<AbortSignal>;
  answer: () => void;
  allocate: (request: unknown, context: { signal: AbortSignal }) => Promise<AllocateResponse>;
} {
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<AllocateResponse>();
  return {
    begun: begun.promise,
    answer: () => end.resolve({ allocations: [] }),
    allocate: (_, { signal }) => {
      begun.resolve(signal);
      return end.promise;
    },
  };
}

test("stop lets running calls finish and takes no new ones", async (t) => {
  const slow = slowHandler();
  const server = await serve(t, { allocate: slow.allocate });
  const { socketPath } = server;
  const call = callOverSocket({ socketPath, path });
  await slow.begun;
  const stopped = server.stop(60_000);
  t.notOk(existsSync(socketPath), "the socket's file has gone");
  t.match(await callOverSocket({ socketPath, path }), { error: { code: Code.Unavailable } });
  slow.answer();
  t.ok("message" in (await call));
  await stopped;
});

test("stop breaks off what does not finish in time", async (t) => {
  const slow = slowHandler();
  const server = await serve(t, { allocate: slow.allocate });
  const call = callOverSocket({ socketPath: server.socketPath, path });
  const signal = await slow.begun;
  const aborted = once(signal, "abort");
  const began = performance.now();
  await server.stop(50);
  t.ok(performance.now() - began >= 49);
  t.match(await call, { error: { code: Code.Unavailable } });
  await aborted;
  slow.answer();
});

test("stop closes idle connections, and those that never speak, soon", async (t) => {
  const server = await serve(t, { allocate: async () => ({ allocations: [] }) });
  const client = createIpamClient(server.address, { timeoutMs: 20_000 });
  t.teardown(() => client.close());
  await client.allocate({});
  const mute = connect(server.socketPath);
  mute.on("error", () => undefined);
  mute.resume();
  await once(mute, "connect");
  // A call on a later connection: the server has accepted the mute one by then.
  await callOverSocket({ socketPath: server.socketPath, path });
  const began = performance.now();
  await server.stop(60_000);
  t.ok(performance.now() - began < 10_000, `${performance.now() - began} ms`);
});

test("who has connected before the stop is answered, though the request comes after it", async (t) => {
  const server = await serve(t, { allocate: async () => ({ allocations: [] }) });
  const { socketPath } = server;
  const half = beginCall({ socketPath, path });
  await once(half.socket, "connect");
  half.socket.write(half.bytes.subarray(0, 40)); // the preface and some of SETTINGS
  await once(half.socket, "data");
  // They wait in the queue when the stop begins: connect() on a Unix socket does not wait for the other side.
  const calls = Array.from({ length: 50 }, () => callOverSocket({ socketPath, path }));
  const stopped = server.stop(60_000);
  half.socket.write(half.bytes.subarray(40));
  const answered = once(half.socket, "data");
  const failed = (await Promise.all(calls)).filter((result) => !("message" in result));
  t.same(failed, []);
  const [bytes] = (await answered) as [Buffer];
  t.match(bytes.toString("latin1"), "application/grpc");
  await stopped;
});

test("a connection without a call is closed after a while, and told that it is", async (t) => {
  const server = await serve(t, {}, { limits: { maxIdleMs: 50 } });
  const mute = connect(server.socketPath);
  mute.resume();
  await once(mute, "close");
  const session = connectHttp2("http://localhost", { createConnection: () => connect(server.socketPath) });
  session.on("error", () => undefined);
  const [code] = await once(session, "goaway");
  t.equal(code, 0);
});

test("a connection that comes late to the stop has its time too, and no more", async (t) => {
  const socketPath = join(await temporaryDirectory(t), "s");
  const listener = createServer((socket) => {
    const onStream = (): void => undefined;
    new ServerConnection(socket, { maxConcurrentStreams: 1, onStream, onClosed: () => undefined }).close();
  }).listen(socketPath);
  t.teardown(() => listener.close());
  const mute = connect(socketPath);
  mute.resume();
  await once(mute, "close");
  t.pass("closed");
});

test("who is accepted after the end of the stop's time is broken off", async (t) => {
  const socketPath = join(await temporaryDirectory(t), "s");
  const onStream = (): void => undefined;
  const connections = new ServerConnections({ maxConcurrentStreams: 1, maxIdleMs: 60_000, onStream });
  connections.close();
  connections.destroy();
  const listener = createServer((socket) => {
    connections.add(socket);
    t.ok(socket.destroyed);
  }).listen(socketPath);
  t.teardown(() => listener.close());
  const late = connect(socketPath);
  late.resume();
  await once(late, "close");
});

test("connections above the limit are closed, others go on", async (t) => {
  const slow = slowHandler();
  const server = await serve(t, { allocate: slow.allocate }, { limits: { maxConnections: 1 } });
  const { socketPath } = server;
  const call = callOverSocket({ socketPath, path });
  await slow.begun;
  t.match(await callOverSocket({ socketPath, path }), { error: { code: Code.Unavailable } });
  slow.answer();
  t.ok("message" in (await call));
});
