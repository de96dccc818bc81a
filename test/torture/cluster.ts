// SPDX-License-Identifier: Apache-2.0
// What a round on Kubernetes stands on: a namespace of one API server with pods and pools, and a controller that gives
// this node its blocks.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createControllerUser } from "../controller/running-controller.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { nodeRules, runPod } from "../support/kube-daemon.ts";
import { type ApiFront, openFront } from "./api-front.ts";
import type { Pod } from "./caller.ts";
import { pools } from "./wish.ts";

/** For all rounds: nothing of a round outlives its namespace's use. */
export type Cluster = {
  readonly server: ApiServer;
  readonly nodeKubeconfig: string;
  readonly controllerKubeconfig: string;
  stop(): Promise<void>;
};

export const NODE = "worker";
const PODS = 8;
const BLOCKS_WITHIN_MS = 30_000;

export async function startCluster(): Promise<Cluster> {
  const ends: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0)) await end();
  };
  try {
    const server = await startApiServer({ teardown: (end) => void ends.unshift(end) });
    for (const node of ["control-plane", NODE, "worker2"]) await createNode(server.admin, node);
    return {
      server,
      nodeKubeconfig: await server.createUser("ipam-node", nodeRules),
      controllerKubeconfig: await createControllerUser(server),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One round's part of it. */
export type Tenancy = {
  readonly server: ApiServer;
  readonly namespace: string;
  /** Between the daemon and the API server. */
  readonly front: ApiFront;
  readonly pods: readonly Pod[];
  /** Every pool's allocations, as text to compare. */
  allocations(): Promise<string>;
  stop(): Promise<void>;
};

type LivePool = { readonly status?: { readonly allocations?: readonly unknown[] } };

/** Makes the namespace, waits until the controller has given blocks to the nodes. */
export async function moveIn(cluster: Cluster, controller: string, dir: string): Promise<Tenancy> {
  const { server } = cluster;
  const { admin } = server;
  const namespace = await createNamespace(admin, "torture");
  for (const pool of pools) await createPool(admin, { ...pool, namespace });
  const runs: Pod[] = [];
  for (let i = 0; i < PODS; i++) {
    const name = `pod-${i}`;
    runs.push({ namespace, name, uid: await runPod(server, namespace, name, NODE) });
  }
  const controlling = startController(controller, cluster.controllerKubeconfig, namespace, dir);
  const allocations = async (): Promise<string> => {
    const paths = pools.map(({ kind, name }) => poolPath(kind, namespace, name));
    const found = await Promise.all(paths.map((path) => admin.get<LivePool>(path)));
    return JSON.stringify(found.map(({ status }) => status?.allocations ?? []));
  };
  const front = await openFront(server, cluster.nodeKubeconfig);
  const stop = async (): Promise<void> => {
    await front.stop();
    await controlling.stop();
  };
  for (const giveUp = Date.now() + BLOCKS_WITHIN_MS; ; await sleep(50)) {
    const lists = JSON.parse(await allocations()) as unknown[][];
    if (lists.every((list) => list.length === 3)) break;
    if (Date.now() < giveUp) continue;
    await stop();
    throw new Error(`the controller gave no blocks: see ${controlling.logFile}`);
  }
  return { server, namespace, front, pods: runs, allocations, stop };
}

function startController(executable: string, kubeconfig: string, namespace: string, dir: string) {
  const logFile = join(dir, "controller.log");
  const log = openSync(logFile, "a");
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    `--ippools-namespace=${namespace}`,
    "--metrics-bind-address=0",
    "--health-probe-bind-address=0",
  ];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", executable, ...flags], {
    stdio: ["ignore", "ignore", log],
  });
  closeSync(log);
  const ended = once(child, "exit");
  return {
    logFile,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
}
