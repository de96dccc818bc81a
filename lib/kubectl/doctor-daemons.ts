// SPDX-License-Identifier: Apache-2.0
import type { ClusterPool } from "./cluster-pool.ts";
import type { DaemonPod } from "./daemon-pods.ts";
import type { Finding } from "./finding.ts";

/** What can be seen of the daemons from outside: whether each node with a block has one, and which. */
export function diagnoseDaemons(daemons: readonly DaemonPod[], pools: readonly ClusterPool[]): Finding[] {
  const byNode = new Map(daemons.map((daemon) => [daemon.node, daemon]));
  const served = new Set(pools.flatMap(({ blocks }) => blocks.map(({ node }) => node)));
  return [
    ...[...served].sort().flatMap((node) => nodeFindings(node, byNode.get(node))),
    ...imageFindings(daemons),
  ];
}

function nodeFindings(node: string, daemon: DaemonPod | undefined): Finding[] {
  const finding = (message: string, fix: string): Finding[] => [
    { check: "daemons", severity: "error", message, fix, node },
  ];
  if (daemon === undefined) {
    return finding(
      "the node has a block of a pool and no daemon: its pods get no address",
      "look at the DaemonSet: tolerations, nodeSelector, and events of kubectl describe",
    );
  }
  if (daemon.isReady) return [];
  return finding(
    "the node's daemon is not ready",
    `see why: kubectl -n ${daemon.namespace} logs ${daemon.name}`,
  );
}

/** A name such as "latest" may stand for several images, so what was pulled counts where that is known. */
function imageFindings(daemons: readonly DaemonPod[]): Finding[] {
  const nodesOf = new Map<string, string[]>();
  for (const { image, imageId, node } of daemons) {
    const pulled = imageId === "" ? image : `${image} (${imageId.replace(/^.*@/, "")})`;
    nodesOf.set(pulled, [...(nodesOf.get(pulled) ?? []), node]);
  }
  const names = new Set(daemons.map(({ image }) => image));
  const pulled = new Set(daemons.flatMap(({ imageId }) => (imageId === "" ? [] : [imageId])));
  if (names.size < 2 && pulled.size < 2) return [];
  const counts = [...nodesOf].map(([image, nodes]) => `${image} on ${describeNodes(nodes)}`);
  return [
    {
      check: "daemons",
      severity: "warning",
      message: `the daemons do not run the same image: ${counts.join("; ")}`,
      fix: "let the rollout end (kubectl rollout status daemonset …), or pin one image by its digest",
    },
  ];
}

function describeNodes(nodes: readonly string[]): string {
  return nodes.length === 1 ? nodes[0]! : `${nodes.length} nodes (${nodes[0]}, …)`;
}
