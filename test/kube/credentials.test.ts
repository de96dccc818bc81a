// SPDX-License-Identifier: Apache-2.0
// Credentials that take too long to come.
import { test } from "tap";
import { createCluster } from "../../lib/kube/cluster.ts";
import type { Credentials } from "../../lib/kube/credentials.ts";
import { ConnectionError } from "../../lib/kube/error.ts";
import { recordingLog } from "../support/log.ts";
import { startScriptedApi } from "./scripted-api.ts";

const nodes = { verb: "list", resource: { group: "", version: "v1", plural: "nodes" } } as const;
const never = (): Promise<Credentials> => new Promise(() => undefined);

test("while there are good credentials, a call does not wait long for the next ones", async (t) => {
  const api = await startScriptedApi(t, (_asked, response) => void response.end("{}"));
  const gate = Promise.withResolvers<Credentials>();
  let loads = 0;
  const access = {
    server: new URL(api.url),
    origin: "/etc/kubeconfig",
    load: (signal?: AbortSignal) => {
      signal?.addEventListener("abort", () => t.fail("the load goes on meanwhile"));
      return ++loads === 1 ? Promise.resolve({ headers: { x: "1" } }) : gate.promise;
    },
    forget: () => undefined,
  };
  const { log, events } = recordingLog();
  const cluster = createCluster(access, log, { loadMs: 60_000, patienceMs: 20, maxAgeMs: 0 });
  t.teardown(() => cluster.close());
  for (let i = 0; i < 3; i++) await cluster.call(nodes);
  t.same([loads, api.asked.length], [2, 3], "one load for all that wait");
  gate.resolve({ headers: { x: "2" } });
  await cluster.call(nodes);
  t.same(events, []);
});

test("a load that never settles is given up, and the next call begins another", async (t) => {
  const api = await startScriptedApi(t, (_asked, response) => void response.end("{}"));
  const signals: (AbortSignal | undefined)[] = [];
  let load = never;
  const access = {
    server: new URL(api.url),
    origin: "/etc/kubeconfig",
    load(signal?: AbortSignal) {
      signals.push(signal);
      return load();
    },
    forget: () => undefined,
  };
  const { log, events } = recordingLog();
  const cluster = createCluster(access, log, { loadMs: 50, maxAgeMs: 0 });
  t.teardown(() => cluster.close());

  const error = await cluster.call(nodes).catch((caught: unknown) => caught);
  t.match(error, { message: "the credentials (/etc/kubeconfig) were not there within 0.05 s" });
  t.ok(error instanceof ConnectionError, "a watch goes on where it was");
  t.equal(signals[0]?.aborted, true, "the load is told");
  t.equal(api.asked.length, 0);

  load = async () => ({ headers: {} });
  await cluster.call(nodes);
  load = never;
  await cluster.call(nodes);
  await cluster.call(nodes);
  t.equal(api.asked.length, 3, "the last good ones stay in use");
  t.equal(signals.length, 4);
  t.match(events, [{ level: "error", message: /the last ones stay in use/ }], "and that is said once");
});
