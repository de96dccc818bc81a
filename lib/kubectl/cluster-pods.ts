// SPDX-License-Identifier: Apache-2.0
import { type Api, type ApiObject, listObjects, type Selection, textAt } from "./api.ts";
import { type NotedAddress, readNetworkStatus } from "./network-status.ts";

/** What of a pod matters to addresses. */
export type ClusterPod = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** "": not scheduled. */
  readonly node: string;
  /** It has ended, and its addresses with it. */
  readonly isEnded: boolean;
  /** Stands for a static pod, which the node knows under another UID. */
  readonly isMirror: boolean;
  readonly addresses: readonly NotedAddress[];
};

const SOURCE_ANNOTATION = "kubernetes.io/config.source";

/** Pods of all namespaces; of one node where `node` says so. */
export function listPods(api: Api, { node }: { readonly node?: string } = {}): Promise<ClusterPod[]> {
  const selection: Selection = node === undefined ? {} : { fieldSelector: `spec.nodeName=${node}` };
  return listObjects(api, { group: "", version: "v1", plural: "pods" }, readPod, selection);
}

function readPod({ metadata, object }: ApiObject): ClusterPod {
  const { namespace, name, uid, annotations } = metadata;
  const phase = textAt(object, "status", "phase");
  const source = annotations[SOURCE_ANNOTATION];
  return {
    ...{ namespace, name, uid },
    node: textAt(object, "spec", "nodeName"),
    isEnded: phase === "Succeeded" || phase === "Failed",
    isMirror: source !== undefined && source !== "api",
    addresses: readNetworkStatus(annotations),
  };
}
