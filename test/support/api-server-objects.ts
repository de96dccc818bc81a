// SPDX-License-Identifier: Apache-2.0
// Objects that a cluster would have and nobody makes here: there is no kubelet, no scheduler, no controller manager.
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAllDocuments } from "yaml";
import type { Client, KubeObject } from "./api-server-request.ts";

/** Creates a namespace with a new name. */
export async function createNamespace(admin: Client, prefix = "test"): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString("hex")}`;
  await admin.post("/api/v1/namespaces", { metadata: { name } });
  return name;
}

/** Creates a node; `more` goes into it as it is ("metadata.annotations", "status"). */
export function createNode(
  admin: Client,
  name: string,
  labels: Readonly<Record<string, string>> = {},
  more: { readonly annotations?: Record<string, string>; readonly status?: unknown } = {},
): Promise<KubeObject> {
  return admin.post("/api/v1/nodes", {
    metadata: { name, labels, ...(more.annotations && { annotations: more.annotations }) },
    ...(more.status !== undefined && { status: more.status }),
  });
}

export type PodPlace = {
  readonly namespace: string;
  readonly name: string;
  /** Absent: not scheduled. */
  readonly nodeName?: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** Creates a pod that nobody runs. */
export function createPod(admin: Client, pod: PodPlace): Promise<KubeObject> {
  return admin.post(`/api/v1/namespaces/${pod.namespace}/pods`, {
    metadata: { name: pod.name, ...(pod.annotations && { annotations: pod.annotations }) },
    spec: {
      containers: [{ name: "none", image: "none" }],
      ...(pod.nodeName !== undefined && { nodeName: pod.nodeName }),
    },
  });
}

/** Deletes a pod at once: there is no kubelet that would confirm its end. */
export async function deletePod(admin: Client, { namespace, name }: PodPlace): Promise<void> {
  await admin.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 0 });
}

/** Path of a pool, or of all pools of a kind when the name is left out. */
export function poolPath(kind: "IPPool" | "CIDRPool", namespace: string, name = ""): string {
  const path = `/apis/nv-ipam.nvidia.com/v1alpha1/namespaces/${namespace}/${kind.toLowerCase()}s`;
  return name === "" ? path : `${path}/${name}`;
}

/** Creates an IPPool or CIDRPool. */
export function createPool(
  admin: Client,
  pool: {
    readonly kind: "IPPool" | "CIDRPool";
    readonly namespace: string;
    readonly name: string;
    readonly spec: unknown;
  },
): Promise<KubeObject> {
  return admin.post(poolPath(pool.kind, pool.namespace), {
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind: pool.kind,
    metadata: { name: pool.name },
    spec: pool.spec,
  });
}

type Definition = {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
};

/** Creates the CustomResourceDefinitions in the YAML files of the directory and waits until they are served. */
export async function applyDefinitions(admin: Client, dir: string): Promise<void> {
  const definitions = readdirSync(dir)
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) => parseAllDocuments(readFileSync(join(dir, name), "utf8")))
    .map((document) => document.toJS() as Definition & { readonly kind: string })
    .filter((object) => object?.kind === "CustomResourceDefinition");
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  await Promise.all(definitions.map((definition) => admin.post(path, definition)));
  for (const { spec } of definitions) {
    const list = `/apis/${spec.group}/${spec.versions[0]!.name}/${spec.names.plural}?limit=1`;
    while ((await admin.request("GET", list)).status !== 200) await sleep(25);
  }
}
