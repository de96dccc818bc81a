// SPDX-License-Identifier: Apache-2.0
// What becomes of the addresses of /metrics and of the probes.
import { once } from "node:events";
import { createServer } from "node:net";
import { type Test, test } from "tap";
import { findSharedAddress, type HttpEndpoint, startHttpEndpoint } from "../../cmd/http-endpoint.ts";
import { parseHttpAddress } from "../../lib/node/bind-address.ts";
import { recordingLog } from "../support/log.ts";
import { makePlaces, runEntry, startEntry } from "./entry.ts";

const shared: readonly [metrics: string, probes: string, shared: boolean][] = [
  [":8080", ":8081", false],
  [":8080", ":8080", true],
  ["127.0.0.1:8080", "127.0.0.1:8080", true],
  ["127.0.0.1:8080", "127.0.0.2:8080", false],
  ["127.0.0.1:8080", ":8080", true],
  ["0.0.0.0:8080", "10.0.0.1:8080", true],
  ["[::]:8080", "127.0.0.1:8080", true],
  ["[::1]:8080", "127.0.0.1:8080", false],
  ["127.0.0.1:0", "127.0.0.1:0", false],
  ["0", ":8080", false],
  [":8080", "0", false],
];

for (const [metrics, probes, expected] of shared) {
  test(`metrics at ${metrics} and probes at ${probes} ${expected ? "are one address" : "keep apart"}`, (t) => {
    const problem = findSharedAddress(parseHttpAddress(metrics), parseHttpAddress(probes));
    t.equal(problem !== undefined, expected);
    if (expected) t.match(problem, metrics);
    t.end();
  });
}

async function takenPort(t: Test): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

const refused = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE" });
const endpoint: HttpEndpoint = {
  name: "metrics",
  flag: "metrics-bind-address",
  address: { host: "::1", port: 8080 },
  required: true,
  start: () => Promise.reject(refused),
};

test("an address that cannot be had: an error where it is required, else a warning", async (t) => {
  const { log, events } = recordingLog();
  await t.rejects(startHttpEndpoint(endpoint, log), {
    message: "metrics-bind-address: cannot listen on [::1]:8080",
    cause: refused,
  });
  t.same(events, []);
  const { stop } = await startHttpEndpoint({ ...endpoint, required: false }, log);
  t.match(events, [{ level: "warn", fields: { address: "[::1]:8080", err: refused } }]);
  await stop();
});

test("a daemon that is given one address for both, or one in use, says so", async (t) => {
  const { flags } = makePlaces(t);
  const both = ["--metrics-bind-address=127.0.0.1:8080", "--health-probe-bind-address=127.0.0.1:8080"];
  const one = await runEntry([...flags, ...both]);
  t.equal(one.status, 1);
  t.match(
    one.stderr,
    /^invalid config: metrics-bind-address 127\.0\.0\.1:8080 and [^\n]+ are one address[^\n]+\n$/,
  );
  const port = await takenPort(t);
  const other = await runEntry([...flags, `--metrics-bind-address=127.0.0.1:${port}`]);
  t.equal(other.status, 1);
  t.match(
    other.stderr,
    new RegExp(`^metrics-bind-address: cannot listen on 127.0.0.1:${port}: .*EADDRINUSE.*$`, "m"),
  );
});

test("a free port is chosen for 127.0.0.1:0 and logged", async (t) => {
  const { flags } = makePlaces(t);
  const daemon = await startEntry(t, [...flags, "--metrics-bind-address=127.0.0.1:0"]);
  const line = daemon.lines.find(({ logger }) => logger === "node.metrics");
  const answer = await fetch(`http://${line?.address}/metrics`);
  t.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  t.match(await answer.text(), /^nv_ipam_ready 1$/m);
  t.equal(await daemon.end("SIGTERM"), 0);
});

test("metrics are off for 0", async (t) => {
  const { flags } = makePlaces(t);
  const daemon = await startEntry(t, [...flags, "--metrics-bind-address=0"]);
  t.notOk(daemon.lines.some(({ logger }) => logger === "node.metrics"));
});
