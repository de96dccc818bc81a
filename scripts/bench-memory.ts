// SPDX-License-Identifier: Apache-2.0
// What the daemon and the controller keep in memory on a Kubernetes API of the size they are made for.
import { setTimeout as sleep } from "node:timers/promises";
import { poolWhen } from "../test/controller/pool-watch.ts";
import { createControllerUser, startController } from "../test/controller/running-controller.ts";
import { type ApiServer, startApiServer } from "../test/support/api-server.ts";
import { createNode, createPool } from "../test/support/api-server-objects.ts";
import { hasCluster } from "../test/support/cache.ts";
import { executables } from "../test/support/executables.ts";
import { nodeRules, startKubeDaemon } from "../test/support/kube-daemon.ts";
import { memoryMb } from "./bench-daemon.ts";
import { allocate } from "./bench-load.ts";
import type { Runner } from "./bench-runner.ts";

type Teardown = { teardown(end: () => unknown): void };

const NODES = 2000;
const HELD = 10_000;
const ADDS = 5000;
const REST_MS = 60_000;
const namespace = "kube-system";
const pool = { kind: "IPPool", namespace, name: "p" } as const;
/** 20 KB of a kubelet's report. */
const images = Array.from({ length: 50 }, (_, i) => ({
  names: [`registry.example/image-${i}@sha256:${"0123456789abcdef".repeat(4)}`, "x".repeat(270)],
  sizeBytes: 1 << 20,
}));

export async function memoryTable(owner: Teardown, measure: Runner): Promise<string[]> {
  if (!hasCluster()) return ["No Kubernetes API to start here: no figures of one."];
  const server = await startApiServer(owner);
  await createNodes(server);
  const controller = await startController(owner, {
    kubeconfig: await createControllerUser(server),
    namespace,
  });
  await createPool(server.admin, { ...pool, spec: { subnet: "10.0.0.0/8", perNodeBlockSize: 8000 } });
  await poolWhen(server, pool, ({ allocations }) => allocations.length >= 2000);
  const busyMb = memoryMb(controller.process);
  const rows = await daemonRows(owner, server, measure);
  return [
    "| process | with | resident MB |",
    "| --- | --- | --- |",
    `| controller | ${NODES.toLocaleString("en")} nodes of 20 KB, right after it gave them their blocks | ${busyMb} |`,
    `| controller | the same, a minute and more later | ${memoryMb(controller.process)} |`,
    ...rows,
  ];
}

async function daemonRows(owner: Teardown, server: ApiServer, measure: Runner): Promise<string[]> {
  const kubeconfig = await server.createUser("ipam-node", nodeRules);
  const large = { ...pool, name: "large" };
  const nodeName = nodeOf(0);
  // One block of this pool is enough for all that is reserved here.
  await createPool(server.admin, {
    ...large,
    spec: { subnet: "11.0.0.0/8", perNodeBlockSize: 60_000, nodeSelector: only(nodeName) },
  });
  await poolWhen(server, large, ({ allocations }) => allocations.length === 1);
  const daemon = await startKubeDaemon(owner, { kubeconfig, namespace, nodeName });
  await daemon.logged('"pool":"ippool/large","range"');
  const emptyMb = memoryMb(daemon.process);
  await allocate({ socket: daemon.socket, pool: "large", calls: HELD, width: 16, prefix: "held" });
  const conf = { cniVersion: "1.0.0", name: "bench", ipam: daemon.ipam({ poolName: "large" }) };
  measure(executables.plugin, conf, ADDS, 16);
  const busyMb = memoryMb(daemon.process);
  await sleep(REST_MS);
  return [
    `| daemon | no reservation | ${emptyMb} |`,
    `| daemon | ${HELD.toLocaleString("en")} reservations, right after ${ADDS.toLocaleString("en")} ADDs through the plugin | ${busyMb} |`,
    `| daemon | the same, ${REST_MS / 1000} s later | ${memoryMb(daemon.process)} |`,
  ];
}

function only(nodeName: string): unknown {
  const matchFields = [{ key: "metadata.name", operator: "In", values: [nodeName] }];
  return { nodeSelectorTerms: [{ matchFields }] };
}

async function createNodes({ admin }: ApiServer): Promise<void> {
  for (let i = 0; i < NODES; i += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, k) => {
        await createNode(admin, nodeOf(i + k));
        await admin.patch(`/api/v1/nodes/${nodeOf(i + k)}/status`, { status: { images } });
      }),
    );
  }
}

function nodeOf(i: number): string {
  return `node-${String(i).padStart(5, "0")}`;
}
