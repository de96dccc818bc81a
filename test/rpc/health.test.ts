// SPDX-License-Identifier: Apache-2.0

import { once } from "node:events";
import { connect } from "node:net";
import { Client, type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { type Test, test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { Code } from "../../lib/rpc/code.ts";
import { prefixed } from "../../lib/rpc/message-prefix.ts";
import {
  HealthCheckRequest,
  HealthCheckResponse,
  IPAM_SERVICE,
  ServingStatus,
} from "../../lib/rpc/messages.ts";
import { HEALTH_WATCH } from "../../lib/rpc/methods.ts";
import { data, headers, PREFACE, REQUEST, reset, settings } from "./scripted-client.ts";
import { health, type Served, serve } from "./server-fixture.ts";

const same = (bytes: Buffer): Buffer => bytes;

function watch(t: Test, server: Served, service: string): ClientReadableStream<Buffer> {
  const client = new Client(`unix:${server.socketPath}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const request = Buffer.from(HealthCheckRequest.encode({ service }));
  const stream = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", same, same, request);
  // Its end is looked at by those who wait for it.
  stream.on("error", () => undefined);
  return stream;
}

async function next(stream: ClientReadableStream<Buffer>): Promise<number> {
  const [bytes] = (await once(stream, "data")) as [Buffer];
  return HealthCheckResponse.decode(bytes).status;
}

test("check", async (t) => {
  const source = health();
  const server = await serve(t, {}, { health: source });
  const client = createIpamClient(server.address, { timeoutMs: 20_000 });
  t.teardown(() => client.close());
  for (const service of ["", IPAM_SERVICE]) {
    source.set(true);
    t.same(await client.healthCheck(service), { status: ServingStatus.serving });
    source.set(false);
    t.same(await client.healthCheck(service), { status: ServingStatus.notServing });
  }
  await t.rejects(client.healthCheck("other"), { code: Code.NotFound });
});

test("watch tells the status at once and after each change", async (t) => {
  const source = health();
  const server = await serve(t, {}, { health: source });
  const stream = watch(t, server, IPAM_SERVICE);
  t.equal(await next(stream), ServingStatus.serving);
  source.set(true);
  source.set(false);
  t.equal(await next(stream), ServingStatus.notServing, "no change is not told");
  source.set(true);
  t.equal(await next(stream), ServingStatus.serving);
});

test("watch of an unknown service goes on", async (t) => {
  const source = health();
  const server = await serve(t, {}, { health: source });
  const stream = watch(t, server, "other");
  t.equal(await next(stream), ServingStatus.serviceUnknown);
  t.equal(source.listeners, 1);
});

test("a watch that is given up is forgotten", async (t) => {
  const source = health();
  const forgotten = Promise.withResolvers<void>();
  const watched = {
    ...source,
    onChange: (listener: () => void) => {
      const unsubscribe = source.onChange(listener);
      return () => {
        unsubscribe();
        forgotten.resolve();
      };
    },
  };
  const server = await serve(t, {}, { health: watched });
  const stream = watch(t, server, "");
  await next(stream);
  stream.cancel();
  await forgotten.promise;
  t.equal(source.listeners, 0);
});

test("a watch that is taken back with its request is not begun", async (t) => {
  const source = health();
  const server = await serve(t, {}, { health: source });
  const socket = connect(server.socketPath);
  t.teardown(() => socket.destroy());
  const request = headers(1, 4, [[":path", HEALTH_WATCH.path], ...REQUEST]) + data(1, prefixed(""), 1);
  socket.write(PREFACE + settings() + request + reset(1), "latin1");
  await once(socket, "data");
  t.equal(source.listeners, 0);
});

test("stop ends watches", async (t) => {
  const source = health();
  const server = await serve(t, {}, { health: source });
  const stream = watch(t, server, "");
  await next(stream);
  const ended = new Promise((done) => stream.on("error", done));
  const began = performance.now();
  await server.stop(60_000);
  t.match(await ended, { code: Code.Unavailable, details: "the daemon is stopping" });
  t.equal(source.listeners, 0);
  t.ok(performance.now() - began < 10_000);
});
