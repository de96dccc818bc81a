// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { isObject } from "../pool/fields.ts";
import type { Resource } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { hasStatus } from "./error.ts";
import { type KubeObject, readObject } from "./object.ts";
import type { ReflectorTiming } from "./reflector.ts";
import { createWatched, type Watched } from "./watched.ts";

export type Pod = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Stands for a static pod of the kubelet, which knows it under another UID. */
  readonly isMirror: boolean;
};

export type FoundPod = Pod & {
  /** "": not scheduled yet. */
  readonly nodeName: string;
};

const resource: Resource = { group: "", version: "v1", plural: "pods" };
const SOURCE_ANNOTATION = "kubernetes.io/config.source";
const FIND_TIMEOUT_MS = 10_000;

export type PodsOptions = {
  readonly nodeName: string;
  readonly log: Logger;
  readonly timing?: ReflectorTiming;
};

/** The pods of one node, by "namespace/name". */
export function watchPods(cluster: Cluster, { nodeName, log, timing }: PodsOptions): Watched<Pod> {
  return createWatched(cluster, {
    source: {
      resource,
      fieldSelector: `spec.nodeName=${nodeName}`,
      metadataOnly: true,
      pageSize: 500,
      // etcd would have to go through the pods of all nodes, for each daemon of a cluster that starts; who is missing
      // in the cache is asked for alone (findPod).
      listFrom: "0",
    },
    keep: readPod,
    log,
    timing,
  });
}

/** The pod as the API has it now; undefined: there is none. Rejects when the API does not say. */
export async function findPod(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal?: AbortSignal,
): Promise<FoundPod | undefined> {
  const call = {
    verb: "get",
    resource: { ...resource, namespace },
    name,
    timeoutMs: FIND_TIMEOUT_MS,
  } as const;
  try {
    const object = readObject(await cluster.call({ ...call, signal }));
    const spec = "spec" in object && isObject(object.spec) ? object.spec : {};
    return { ...readPod(object), nodeName: typeof spec.nodeName === "string" ? spec.nodeName : "" };
  } catch (error) {
    // Without the API's own word for it, the 404 is one of whatever answers in the API's place.
    if (hasStatus(error, 404) && error.reason === "NotFound") return undefined;
    throw error;
  }
}

function readPod({ metadata }: KubeObject): Pod {
  const { namespace = "", name, uid = "", annotations } = metadata;
  const origin = annotations?.[SOURCE_ANNOTATION];
  return { namespace, name, uid, isMirror: origin !== undefined && origin !== "api" };
}
