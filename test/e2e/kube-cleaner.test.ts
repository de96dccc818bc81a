// SPDX-License-Identifier: Apache-2.0
// Pods that go without a DEL, on a real API server, looked for every second instead of every minute.
import { test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNamespace, createPod, createPool, deletePod } from "../support/api-server-objects.ts";
import { findFreePort } from "../support/api-server-program.ts";
import { addressOf } from "../support/cni.ts";
import type { Daemon } from "../support/daemon.ts";
import {
  callForPod,
  nodeRules,
  runPod,
  setAllocations,
  startKubeDaemon,
  until,
} from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { listReservations } from "../support/reservations.ts";

const BLOCK = { nodeName: "worker", startIP: "10.0.0.1", endIP: "10.0.0.50" };

/** A daemon with a pool, both in the namespace, which is the pods' too. */
async function setUp(t: Parameters<typeof startKubeDaemon>[0], api: ApiServer, kubeconfig: string) {
  const namespace = await createNamespace(api.admin);
  const pool = { kind: "IPPool", namespace, name: "p" } as const;
  await createPool(api.admin, { ...pool, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 50 } });
  await setAllocations(api.admin, pool, [BLOCK]);
  const metricsPort = await findFreePort();
  const flags = ["--cleaner-interval=1", `--metrics-bind-address=127.0.0.1:${metricsPort}`];
  const daemon = await startKubeDaemon(t, { kubeconfig, namespace, flags, until: "pool served" });
  const add = async (pod: string, uid?: string, container = pod) =>
    addressOf(
      await callForPod(daemon, {
        namespace,
        pod,
        poolName: "p",
        container,
        ...(uid !== undefined && { uid }),
      }),
    );
  return { namespace, daemon, add, metricsPort };
}

async function held(daemon: Daemon): Promise<string[]> {
  return (await listReservations(daemon)).map(({ containerId }) => containerId).sort();
}

/** How many looks at the reservations the API has cut short. */
async function failedRounds(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^nv_ipam_cleaner_rounds_total\{outcome="failed"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

test("stale reservations", { skip: skipUnless("apiserver"), timeout: 280_000 }, async (t) => {
  const api = await startApiServer(t);
  const kubeconfig = await api.createUser("ipam-node", nodeRules);

  await t.test("only those of pods that are gone go", async (t) => {
    const { namespace, daemon, add } = await setUp(t, api, kubeconfig);
    const uid = await runPod(api, namespace, "alive");
    await add("alive", uid);
    await add("lost", await runPod(api, namespace, "lost"));
    await add("renewed", await runPod(api, namespace, "renewed"), "renewed-old");
    await add("moved", undefined);
    await runPod(api, namespace, "moved", "another");
    await createPod(api.admin, {
      namespace,
      name: "static",
      nodeName: "worker",
      annotations: { "kubernetes.io/config.source": "file", "kubernetes.io/config.mirror": "x" },
    });
    await add("static", "the-file's-own");
    await deletePod(api.admin, { namespace, name: "lost" });
    await deletePod(api.admin, { namespace, name: "renewed" });
    await add("renewed", await runPod(api, namespace, "renewed"), "renewed-new");
    const left = await until(
      () => held(daemon),
      (containers) => containers.length <= 3,
    );
    t.same(left, ["alive", "renewed-new", "static"]);
    const said = daemon.lines.filter((line) => line.includes("stale reservation released")).join("\n");
    t.match(said, /"reason":"its pod is gone"/);
    t.match(said, /another one has its name/);
    t.match(said, /one of that name is on another node/);
    t.equal(
      await add("next"),
      "10.0.0.7/24",
      "a freed address comes again only when the range has been gone round",
    );
  });

  await t.test(
    "an API that is away is no sign of anything; when it is back the cleaner is too",
    async (t) => {
      const { namespace, daemon, add, metricsPort } = await setUp(t, api, kubeconfig);
      await add("lost", await runPod(api, namespace, "lost"));
      await add("alive", await runPod(api, namespace, "alive"));
      await api.kill();
      await add("unknown");
      await daemon.logged("the look for stale reservations was cut short");
      await until(
        () => failedRounds(metricsPort),
        (count) => count > 5,
      );
      t.same(await held(daemon), ["alive", "lost", "unknown"]);
      await api.start();
      await deletePod(api.admin, { namespace, name: "lost" });
      await until(
        () => held(daemon),
        (containers) => containers.length <= 1,
      );
      t.same(await held(daemon), ["alive"]);
    },
  );
});
