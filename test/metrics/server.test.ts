// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { connect } from "node:net";
import { type Test, test } from "tap";
import { startMetricsServer } from "../../lib/metrics/server.ts";
import { recordingLog, silentLog } from "../support/log.ts";

const address = { host: "127.0.0.1", port: 0 };
const source = { contentType: "text/plain; version=0.0.4; charset=utf-8", render: async () => "a 1\n" };

async function start(t: Test): Promise<{ readonly port: number }> {
  const server = await startMetricsServer({ address, source, log: silentLog });
  t.teardown(() => server.stop());
  return server;
}

const get = (port: number, path = "/metrics"): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);

test("GET /metrics gives the figures in the text format", async (t) => {
  const { port } = await start(t);
  const answer = await get(port);
  t.equal(answer.status, 200);
  t.equal(answer.headers.get("content-type"), source.contentType);
  t.equal(await answer.text(), "a 1\n");
  t.equal(await (await get(port, "/metrics?name[]=up")).text(), "a 1\n");
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
