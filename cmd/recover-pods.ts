// SPDX-License-Identifier: Apache-2.0
// The pods that "ipam-node recover" asks the API for. What belongs to the API is loaded for that command only.
import type { ClusterPlace } from "../lib/debug/recover.ts";
import { createLineLogger } from "../lib/log/line-logger.ts";
import { stderrWriter } from "../lib/log/stderr.ts";
import type { PodSource } from "../lib/node/recover-pods.ts";

/** Rejects nothing itself: access that cannot be found shows when the pods are asked for. */
export function podsOf({ nodeName, kubeconfig }: ClusterPlace): PodSource {
  return {
    async podsOfThisNode() {
      const node = nodeName ?? process.env.NODE_NAME ?? "";
      if (node === "") throw new Error("the node's name is not known: --node-name gives it");
      const { openCluster } = await import("../lib/kube/cluster.ts");
      const { listPodNetworks } = await import("../lib/kube/pod-networks.ts");
      const log = createLineLogger({ format: "text", verbosity: 0, name: "recover", write: stderrWriter() });
      const cluster = await openCluster(kubeconfig === undefined ? {} : { kubeconfig }, log);
      try {
        return await listPodNetworks(cluster, node);
      } finally {
        cluster.close();
      }
    },
  };
}
