// SPDX-License-Identifier: Apache-2.0
// A cluster in which kubectl nvipam doctor finds nothing, for tests that break one thing after the other.
import { join, resolve } from "node:path";
import type { Test } from "tap";
import type { ApiServer } from "./api-server.ts";
import { createNode, createPool } from "./api-server-objects.ts";
import { nodeRules, setAllocations, startKubeDaemon, until } from "./kube-daemon.ts";
import { createDaemonPod, jsonOf, makePlugin, renewNodeLease } from "./kubectl-plugin.ts";

export const namespace = "kube-system";
export const pool = { kind: "IPPool", namespace, name: "pool1" } as const;
export const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 20 };

const base = resolve(import.meta.dirname, "../../install/base");

export type Found = { check: string; severity: string; message: string; fix: string; node: string };

export type Doctor = (...args: string[]) => Promise<Found[]>;

/** What doctor finds, with more arguments. Throws when its exit status does not say so, or a finding not what to do. */
export function makeDoctor(t: Test, api: ApiServer): Doctor {
  const plugin = makePlugin(t, api);
  return async (...args) => {
    const outcome = await plugin("doctor", "-o", "json", ...args);
    const found = jsonOf<Found[]>(outcome);
    if (outcome.status !== (found.length === 0 ? 0 : 1)) throw new Error(`exit status ${outcome.status}`);
    const silent = found.find(({ fix }) => fix === "");
    if (silent !== undefined) throw new Error(`nothing to do about it: ${silent.message}`);
    return found;
  };
}

/** Nodes "worker" and "other" with clocks that are right. */
export async function addNodes({ admin }: ApiServer): Promise<void> {
  for (const node of ["worker", "other"]) {
    await createNode(admin, node);
    await renewNodeLease(admin, node);
  }
}

/** The rights that the manifests give. */
export async function applyRights({ kubectl }: ApiServer): Promise<void> {
  for (const file of ["node-rbac.yaml", "controller-rbac.yaml"]) {
    const { status, stderr } = await kubectl("apply", "-n", namespace, "-f", join(base, file));
    if (status !== 0) throw new Error(stderr);
  }
}

/** Both nodes have a block of the pool and a daemon, which is one and the same process. */
export async function addDaemons(t: Test, api: ApiServer, env: Readonly<Record<string, string>> = {}) {
  const { admin } = api;
  await createPool(admin, { ...pool, spec });
  await setAllocations(admin, pool, [
    { nodeName: "other", startIP: "10.0.0.21", endIP: "10.0.0.40" },
    { nodeName: "worker", startIP: "10.0.0.1", endIP: "10.0.0.20" },
  ]);
  const kubeconfig = await api.createUser("ipam-node", nodeRules);
  const daemon = await startKubeDaemon(t, { kubeconfig, namespace, env });
  for (const node of ["worker", "other"]) await createDaemonPod(admin, { node, daemon });
  return daemon;
}

type Trouble = {
  readonly breaks: () => unknown;
  readonly mends: () => unknown;
  /** Of doctor; without looking into the daemons by default, which is quicker. */
  readonly args?: readonly string[];
};

/** What doctor finds while something is broken, and nothing else; afterwards it finds nothing again. */
export async function finds(
  t: Test,
  doctor: Doctor,
  { breaks, mends, args = ["--no-exec"] }: Trouble,
  ...wanted: object[]
): Promise<void> {
  await breaks();
  const found = await until(
    () => doctor(...args),
    (list) => list.length >= wanted.length,
  );
  t.match(found, wanted);
  t.equal(found.length, wanted.length);
  await mends();
  await until(
    () => doctor(...args),
    (list) => list.length === 0,
  );
}
