// SPDX-License-Identifier: Apache-2.0
import { intersectRanges } from "../ip/range.ts";
import { subnetRange } from "../ip/subnet.ts";
import { describePool } from "../pool/pool.ts";
import { type Node, selectNodes } from "../pool/selector.ts";
import { type ClusterPool, describeBlock, describeNetwork } from "./cluster-pool.ts";
import type { Finding } from "./finding.ts";

const SHOWN_NAMES = 5;

/** What is wrong with the pools themselves and with who has which block. */
export function diagnosePools(pools: readonly ClusterPool[], nodes: readonly Node[]): Finding[] {
  return [
    ...pools.flatMap((pool) => [
      ...specFindings(pool),
      ...staleFindings(pool),
      ...blocklessFindings(pool, nodes),
      ...doubleBlockFindings(pool),
    ]),
    ...overlapFindings(pools),
  ];
}

function error(message: string, fix: string): Finding[] {
  return [{ check: "pools", severity: "error", message, fix }];
}

function specFindings(pool: ClusterPool): Finding[] {
  if (pool.pool !== undefined) return [];
  const problems = pool.problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return error(
    `${describePool(pool)} is invalid: ${problems}`,
    "correct the spec; until then nodes keep the blocks they have and no node gets a new one",
  );
}

function staleFindings(pool: ClusterPool): Finding[] {
  const see = "look at the controller: kubectl get lease,pods -n NAMESPACE, and its log";
  if (!pool.hasStatus)
    return error(`${describePool(pool)} has no status: no controller has looked at it`, see);
  if (pool.observedGeneration === 0 || pool.observedGeneration >= pool.generation) return [];
  return error(`${describePool(pool)} was edited, and no controller has looked at it since`, see);
}

/** A controller that has not looked at the pool yet is another finding. */
function blocklessFindings(status: ClusterPool, nodes: readonly Node[]): Finding[] {
  if (status.pool === undefined || !status.hasStatus) return [];
  const served = new Set(status.allocations.map(({ nodeName }) => nodeName));
  const without = selectNodes(status.pool.nodeSelector, nodes).filter((name) => !served.has(name));
  if (without.length === 0) return [];
  const rest = without.length - SHOWN_NAMES;
  const names = without.slice(0, SHOWN_NAMES).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  const many = without.length === 1 ? "node has" : "nodes have";
  const size = status.type === "ippool" ? "a smaller perNodeBlockSize" : "a longer perNodeNetworkPrefix";
  return error(
    `${describePool(status)}: ${without.length} ${many} no block: ${names}`,
    `make room: a larger network, ${size} (moves all blocks), fewer exclusions, or a nodeSelector with fewer nodes`,
  );
}

function doubleBlockFindings(pool: ClusterPool): Finding[] {
  const sorted = [...pool.blocks].sort((a, b) => (a.range.first < b.range.first ? -1 : 1));
  return sorted.flatMap((block, i) => {
    const before = sorted[i - 1];
    if (before === undefined || intersectRanges(before.range, block.range) === undefined) return [];
    return error(
      `${describePool(pool)}: nodes ${before.node} and ${block.node} both have addresses of ${describeBlock(pool, block)}`,
      "let one controller alone write the status: look for a second one (another namespace, a Go nv-ipam)",
    );
  });
}

function overlapFindings(pools: readonly ClusterPool[]): Finding[] {
  return pools.flatMap((pool, i) =>
    pools.slice(i + 1).flatMap((other): Finding[] => {
      if (pool.network === undefined || other.network === undefined) return [];
      if (intersectRanges(subnetRange(pool.network), subnetRange(other.network)) === undefined) return [];
      const [one, two] = [pool, other].map((each) => `${describePool(each)} (${describeNetwork(each)})`);
      return [
        {
          check: "pools",
          severity: "warning",
          message: `${one} and ${two} overlap: both may give out the same addresses`,
          fix: "give them networks of their own, or use them on networks that never meet (other VLANs)",
        },
      ];
    }),
  );
}
