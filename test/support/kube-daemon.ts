// SPDX-License-Identifier: Apache-2.0
// The daemon on a Kubernetes API, and the pools it reads there; their status is written by hand, as a controller would.
import type { ApiServer } from "./api-server.ts";
import { createPod, poolPath } from "./api-server-objects.ts";
import type { Client, KubeObject } from "./api-server-request.ts";
import type { PolicyRule } from "./api-server-users.ts";
import { callPlugin } from "./cni.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
import type { Outcome } from "./executables.ts";

type Teardown = { teardown(end: () => unknown): void };

/** All that a daemon may. */
export const nodeRules: readonly PolicyRule[] = [
  { apiGroups: ["nv-ipam.nvidia.com"], resources: ["ippools"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["nv-ipam.nvidia.com"], resources: ["cidrpools"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "patch", "update"] },
];

export type KubeDaemonOptions = Omit<DaemonOptions, "pools"> & {
  readonly kubeconfig: string;
  /** Of the pools. */
  readonly namespace: string;
};

export function startKubeDaemon(t: Teardown, options: KubeDaemonOptions): Promise<Daemon> {
  const { kubeconfig, namespace, flags = [], nodeName = "worker", ...rest } = options;
  const kube = [`--kubeconfig=${kubeconfig}`, `--ippools-namespace=${namespace}`];
  return startDaemon(t, { ...rest, nodeName, flags: [...kube, ...flags] });
}

/** Kind, namespace and name of a pool. */
export type PoolPlace = {
  readonly kind: "IPPool" | "CIDRPool";
  readonly namespace: string;
  readonly name: string;
};

export async function setSpec(
  admin: Client,
  { kind, namespace, name }: PoolPlace,
  spec: unknown,
): Promise<void> {
  await admin.patch(poolPath(kind, namespace, name), { spec });
}

export async function setAllocations(
  admin: Client,
  { kind, namespace, name }: PoolPlace,
  allocations: unknown,
): Promise<void> {
  await admin.patch(`${poolPath(kind, namespace, name)}/status`, { status: { allocations } });
}

export type PodCall = {
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string;
  readonly poolName: string;
  /** The pod's name unless told otherwise. */
  readonly container?: string;
  readonly command?: string;
  readonly poolType?: "ippool" | "cidrpool";
};

/** One call of the plugin for an interface of a pod. */
export function callForPod(daemon: Daemon, call: PodCall): Promise<Outcome> {
  const { namespace, pod, uid = "", poolName, container = pod, command = "ADD", poolType = "ippool" } = call;
  const args = ["IgnoreUnknown=1", `K8S_POD_NAME=${pod}`, `K8S_POD_NAMESPACE=${namespace}`];
  return callPlugin({
    command,
    container,
    args: [...args, ...(uid === "" ? [] : [`K8S_POD_UID=${uid}`])].join(";"),
    conf: { ipam: daemon.ipam({ poolName, poolType }) },
  });
}

/** A pod on the node; its UID. */
export async function runPod(
  { admin }: Pick<ApiServer, "admin">,
  namespace: string,
  name: string,
  nodeName = "worker",
): Promise<string> {
  const pod: KubeObject = await createPod(admin, { namespace, name, nodeName });
  return pod.metadata.uid;
}

/** Reads again and again until it is as wanted; the test's own time limit ends it. */
export async function until<T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
