// SPDX-License-Identifier: Apache-2.0
// What a reconcile of the controller takes, and how much memory its caches of nodes and pools do.
import { renderStatus } from "../lib/controller/render-status.ts";
import { readResource } from "../lib/pool/manifest.ts";
import type { Pool } from "../lib/pool/pool.ts";
import { parsePool } from "../lib/pool/validate.ts";
import { poolWhen } from "../test/controller/pool-watch.ts";
import { createControllerUser, startController } from "../test/controller/running-controller.ts";
import { type ApiServer, startApiServer } from "../test/support/api-server.ts";
import { createNode, createPool } from "../test/support/api-server-objects.ts";
import { hasCluster } from "../test/support/cache.ts";
import { memoryMb } from "./bench-daemon.ts";

type Teardown = { teardown(end: () => unknown): void };

const SIZES = [100, 1000, 5000];
const POOLS = 20;
const TURNS = 21;

const specs = {
  IPPool: { subnet: "10.0.0.0/8", perNodeBlockSize: 100, gateway: "10.0.0.1" },
  CIDRPool: { cidr: "10.0.0.0/8", perNodeNetworkPrefix: 24, gatewayIndex: 1 },
};

/** A table of reconciles, and where a Kubernetes API can be started a line about memory. */
export async function controllerTable(owner: Teardown): Promise<string[]> {
  return [
    "A reconcile without the API: spec, last status and nodes in, next status out; the median.",
    "",
    "| kind | nodes | all are new, ms | nothing has changed, ms |",
    "| --- | --- | --- | --- |",
    ...SIZES.flatMap((size) => [row("IPPool", size), row("CIDRPool", size)]),
    "",
    hasCluster() ? await clusterLine(owner) : "No Kubernetes API to start here: no figures of one.",
  ];
}

function row(kind: keyof typeof specs, size: number): string {
  const pool = readPool(kind);
  const nodes = Array.from({ length: size }, (_, i) => nodeName(i));
  const render = (last: Parameters<typeof renderStatus>[0]["last"]) =>
    renderStatus({
      pool,
      last,
      nodes,
      status: {},
      generation: 1,
      nowMs: 0,
      released: new Map(),
      reuseDelayMs: 0,
    });
  const { allocations } = render([]).status;
  if (allocations.length !== size)
    throw new Error(`${kind}: ${allocations.length} of ${size} nodes have a block`);
  const last = allocations as Parameters<typeof renderStatus>[0]["last"];
  return `| ${kind} | ${size.toLocaleString("en")} | ${medianMs(() => render([]))} | ${medianMs(() => render(last))} |`;
}

function readPool(kind: keyof typeof specs): Pool {
  const value = {
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind,
    metadata: { name: "p", namespace: "default" },
    spec: specs[kind],
  };
  const { resource } = readResource(value, { strict: true });
  if (resource === undefined || resource.kind === "Node") throw new Error("not a pool");
  const parsed = parsePool(resource);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.pool;
}

function nodeName(i: number): string {
  return `node-${String(i).padStart(5, "0")}`;
}

function medianMs(work: () => unknown): string {
  const took = Array.from({ length: TURNS }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return took.sort((a, b) => a - b)[TURNS >> 1]!.toFixed(1);
}

/** The executable against a real API with 5,000 nodes and 20 pools. */
async function clusterLine(owner: Teardown): Promise<string> {
  const server = await startApiServer(owner);
  const namespace = "kube-system";
  const kubeconfig = await createControllerUser(server);
  const controller = await startController(owner, { kubeconfig, namespace });
  const emptyMb = memoryMb(controller.process);
  await createNodes(server, 5000);
  const names = Array.from(
    { length: POOLS },
    (_, i) => ({ kind: "IPPool", namespace, name: `pool-${i}` }) as const,
  );
  const startMs = performance.now();
  for (const name of names) await createPool(server.admin, { ...name, spec: specs.IPPool });
  for (const name of names) await poolWhen(server, name, ({ allocations }) => allocations?.length === 5000);
  const tookS = ((performance.now() - startMs) / 1000).toFixed(1);
  const fullMb = memoryMb(controller.process);
  await controller.end("SIGTERM");
  return `On a real Kubernetes API with 5,000 nodes: ${POOLS} pools had all their blocks ${tookS} s after the first was created; the controller then took ${fullMb} MB (${emptyMb} MB with no node and no pool).`;
}

async function createNodes({ admin }: ApiServer, count: number): Promise<void> {
  for (let i = 0; i < count; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, k) => createNode(admin, nodeName(i + k))));
  }
}
