// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { Code } from "../../lib/rpc/code.ts";
import type { AllocateResponse } from "../../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";
import { serve } from "./server-fixture.ts";
import { callOverSocket } from "./socket-driver.ts";

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

test("stop closes idle connections, and those that never spoke, at once", async (t) => {
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

test("a connection without a call is closed after a while", async (t) => {
  const server = await serve(t, {}, { limits: { maxIdleMs: 50 } });
  const mute = connect(server.socketPath);
  mute.resume();
  await once(mute, "close");
  t.pass("closed");
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
