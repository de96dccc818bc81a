// SPDX-License-Identifier: Apache-2.0
import type { Cluster } from "./cluster.ts";
import { listPages } from "./list-pages.ts";

/** A pod with what Multus wrote down of its networks. */
export type PodNetworks = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** JSON as written; pods without it are left out. */
  readonly networkStatus: string;
};

const ANNOTATION = "k8s.v1.cni.cncf.io/network-status";
const TIMEOUT_MS = 10_000;

/** The pods of a node that have networks of Multus. Rejects when the API does not tell within 10 s. */
export async function listPodNetworks(cluster: Cluster, nodeName: string): Promise<PodNetworks[]> {
  const found: PodNetworks[] = [];
  await listPages(cluster, {
    source: {
      resource: { group: "", version: "v1", plural: "pods" },
      fieldSelector: `spec.nodeName=${nodeName}`,
      metadataOnly: true,
      pageSize: 500,
      listFrom: "0",
    },
    take({ metadata: { namespace = "", name, uid = "", annotations } }) {
      const networkStatus = annotations?.[ANNOTATION];
      if (networkStatus !== undefined) found.push({ namespace, name, uid, networkStatus });
    },
    restart: () => found.splice(0),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return found;
}
