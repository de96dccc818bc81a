// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import type { Cluster } from "./cluster.ts";
import type { ReflectorTiming } from "./reflector.ts";
import { createWatched, type Watched } from "./watched.ts";

export type NodeLabels = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

/** All nodes by name; only coming, going and labels are changes. */
export function watchNodes(
  cluster: Cluster,
  { log, timing }: { readonly log: Logger; readonly timing?: ReflectorTiming },
): Watched<NodeLabels> {
  return createWatched(cluster, {
    source: {
      resource: { group: "", version: "v1", plural: "nodes" },
      metadataOnly: true,
      pageSize: 500,
      listFrom: "", // an old list, from the API server's cache, would take blocks from nodes that just came
    },
    keep: ({ metadata }) => ({ name: metadata.name, labels: metadata.labels ?? {} }),
    log,
    timing,
  });
}
