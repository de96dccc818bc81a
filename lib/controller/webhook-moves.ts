// SPDX-License-Identifier: Apache-2.0
// What a valid edit of a pool does to the nodes that have a block: said before it happens.
import { formatAddress, parseAddress } from "../ip/address.ts";
import { blockKey } from "../pool/block-key.ts";
import { computeBlocks } from "../pool/blocks.ts";
import { isBlockOf } from "../pool/entry.ts";
import type { Pool, PoolAllocation } from "../pool/pool.ts";

/**
 * One line for each kind of change that `pool` brings to the nodes of `allocations`, the entries its status has now; none
 * when every node keeps its block. Which nodes a changed selector matches is not known here: all of them are taken to stay.
 * `blocksWait`: blocks wait for the nodes that had them (--block-reuse-delay).
 */
export function describeMoves(
  pool: Pool,
  allocations: readonly PoolAllocation[],
  blocksWait = false,
): string[] {
  const now = new Map<string, PoolAllocation>();
  for (const entry of allocations) if (!now.has(entry.nodeName)) now.set(entry.nodeName, entry);
  const held = blocksWait ? allocations.filter((entry) => isBlockOf(pool, entry)) : [];
  const plan = computeBlocks(pool, allocations, [...now.keys()], held);
  let moved = 0;
  let otherGateway = 0;
  for (const next of plan.allocations) {
    const last = now.get(next.nodeName);
    if (last === undefined) continue;
    if (blockKey(last) !== blockKey(next)) moved++;
    else if (gatewayOf(last) !== gatewayOf(next)) otherGateway++;
  }
  const lost = plan.withoutBlock.length;
  const block = pool.type === "ippool" ? "block" : "prefix";
  const of = `of ${now.size} ${now.size === 1 ? "node" : "nodes"}`;
  return [
    ...(moved > 0 ? [`${moved} ${of} ${get(moved)} another ${block}; ${PODS_STAY}`] : []),
    ...(lost > 0
      ? [`${lost} ${of} ${lost === 1 ? "loses its" : "lose their"} ${block}: there are not enough`]
      : []),
    ...(otherGateway > 0
      ? [`${otherGateway} ${of} ${get(otherGateway)} another gateway; pods that run keep the old one`]
      : []),
  ];
}

const PODS_STAY = "pods that run keep addresses that may then be another node's, so replace them";

function get(count: number): string {
  return count === 1 ? "gets" : "get";
}

/** However it is spelled: spellings differ between controllers. */
function gatewayOf(entry: PoolAllocation): string {
  const text = "prefix" in entry ? (entry.gateway ?? "") : "";
  const address = parseAddress(text);
  return address ? formatAddress(address) : text;
}
