// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { connect } from "node:net";
import { type Test, test } from "tap";
import { type MetricsServer, startMetricsServer } from "../../lib/metrics/server.ts";
import { recordingLog, silentLog } from "../support/log.ts";

const address = { host: "127.0.0.1", port: 0 };
const source = { contentType: "text/plain; version=0.0.4; charset=utf-8", render: async () => "a 1\n" };

async function start(t: Test): Promise<MetricsServer> {
  const server = await startMetricsServer({ address, source, log: silentLog });
  t.teardown(() => server.stop());
  return server;
}

const get = (port: number, path = "/metrics", method = "GET"): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { method });

test("GET /metrics gives the figures in the text format", async (t) => {
  const { port } = await start(t);
  const answer = await get(port);
  t.equal(answer.status, 200);
  t.equal(answer.headers.get("content-type"), source.contentType);
  t.equal(await answer.text(), "a 1\n");
  t.equal(await (await get(port, "/metrics?name[]=up")).text(), "a 1\n");
  const head = await get(port, "/metrics", "HEAD");
  t.equal(head.headers.get("content-length"), "4");
  t.equal(await head.text(), "");
});

test("nothing else is there", async (t) => {
  const { port } = await start(t);
  t.equal((await get(port, "/")).status, 404);
  t.equal((await get(port, "/healthz")).status, 404);
  const post = await get(port, "/metrics", "POST");
  t.equal(post.status, 405);
  t.equal(post.headers.get("allow"), "GET, HEAD");
});

test("figures that cannot be had are a 500, and the log has the reason", async (t) => {
  const { log, events } = recordingLog();
  const broken = { ...source, render: () => Promise.reject(new Error("no figures")) };
  const server = await startMetricsServer({ address, source: broken, log });
  t.teardown(() => server.stop());
  t.equal((await get(server.port)).status, 500);
  t.match(events, [{ level: "error", fields: { error: { message: "no figures" } } }]);
});

test("a scraper that goes away before its answer does no harm", async (t) => {
  const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>();
  const { promise: figures, resolve: giveFigures } = Promise.withResolvers<string>();
  let first = true;
  const slow = {
    ...source,
    render() {
      if (!first) return Promise.resolve("b 1\n");
      first = false;
      tellAsked();
      return figures;
    },
  };
  const server = await startMetricsServer({ address, source: slow, log: silentLog });
  t.teardown(() => server.stop());
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
  await asked;
  socket.destroy();
  await once(socket, "close");
  giveFigures("a 1\n");
  t.equal(await (await get(server.port)).text(), "b 1\n");
});

test("a header of more than 8 KiB is refused", async (t) => {
  const { port } = await start(t);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { x: "x".repeat(10_000) } });
  t.equal(answer.status, 431);
});

test("an address in use is the system's error", async (t) => {
  const { port } = await start(t);
  const again = startMetricsServer({ address: { host: "127.0.0.1", port }, source, log: silentLog });
  await t.rejects(again, { code: "EADDRINUSE" });
});

test("a stop does not wait for connections that are kept open", async (t) => {
  const server = await startMetricsServer({ address, source, log: silentLog });
  await (await get(server.port)).text();
  await server.stop();
  await t.rejects(get(server.port));
});
