// SPDX-License-Identifier: Apache-2.0
// Which block of a pool is this node's, by what the manifests say and without anyone to ask.
import { formatAddress } from "../ip/address.ts";
import { formatSubnet } from "../ip/subnet.ts";
import { computeBlocks } from "../pool/blocks.ts";
import { prefixGateway } from "../pool/entry.ts";
import type { Pool, PoolAllocation } from "../pool/pool.ts";
import { type Node, selectNodes } from "../pool/selector.ts";
import { buildShare, type Share } from "../pool/share.ts";

export type OwnerInput = {
  readonly pool: Pool;
  /** status.allocations of the manifest; absent when it has none. */
  readonly listed?: readonly PoolAllocation[];
  readonly nodeName: string;
  /** The nodes of the Node manifests; absent when there is no such manifest, good or bad. */
  readonly nodes?: readonly Node[];
  /** The share this node had last. */
  readonly last?: Share;
};

/** This node's share, or why it has none, or why what the manifests say of it cannot be followed. */
export type Ownership = { readonly share: Share } | { readonly none: string } | { readonly invalid: string };

/** Nobody else says who owns what: the block is this host's alone. */
export function isAlone({ listed, nodes }: Pick<OwnerInput, "listed" | "nodes">): boolean {
  return listed === undefined && nodes === undefined;
}

/**
 * With Node manifests: among those nodes, each keeping what status.allocations gives it. Without: what is listed there and
 * nothing else. With neither the pool is this host's alone, which keeps the block it had last while that fits the pool.
 */
export function findOwnShare(input: OwnerInput): Ownership {
  const { pool, listed, nodeName, nodes, last } = input;
  if (nodes !== undefined) return shareAmong(input, nodes);
  if (listed !== undefined) return shareAsListed(pool, listed, nodeName);
  return shareOf(pool, last === undefined ? [] : lastEntry(pool, last, nodeName), [nodeName], nodeName);
}

function shareAmong({ pool, listed = [], nodeName }: OwnerInput, nodes: readonly Node[]): Ownership {
  if (!nodes.some(({ name }) => name === nodeName)) return { none: "no Node manifest names this node" };
  const names = selectNodes(pool.nodeSelector, nodes);
  if (!names.includes(nodeName)) return { none: "the pool's nodeSelector does not match this node" };
  return shareOf(pool, listed, names, nodeName);
}

/** The entries are all there is to know: one that does not fit is not replaced, other hosts could not know of it. */
function shareAsListed(pool: Pool, listed: readonly PoolAllocation[], nodeName: string): Ownership {
  const own = listed.find((entry) => entry.nodeName === nodeName);
  if (own === undefined) return { none: "status.allocations gives this node no block" };
  const wanted = buildShare(pool, own);
  if ("problem" in wanted) return { invalid: `status.allocations of this node: ${wanted.problem}` };
  const names = listed.map((entry) => entry.nodeName);
  const given = shareOf(pool, listed, names, nodeName);
  if ("share" in given && sameBlock(given.share, wanted.share)) return given;
  return {
    invalid:
      "status.allocations of this node: the block is another node's too, is excluded or is the gateway",
  };
}

function shareOf(
  pool: Pool,
  last: readonly PoolAllocation[],
  names: readonly string[],
  nodeName: string,
): Ownership {
  const entry = computeBlocks(pool, last, names).allocations.find(
    (candidate) => candidate.nodeName === nodeName,
  );
  if (entry === undefined) return { none: "the pool has no free block left" };
  const built = buildShare(pool, entry);
  return "share" in built ? built : { invalid: built.problem };
}

/** Whether two shares hand out the same addresses of the same network. */
export function sameBlock(a: Share, b: Share): boolean {
  return (
    formatSubnet(a.subnet) === formatSubnet(b.subnet) &&
    a.range.first === b.range.first &&
    a.range.last === b.range.last
  );
}

/** The block of a share as status would have it under the present spec, so that an edit of the gateway keeps the block. */
function lastEntry(pool: Pool, { range, subnet }: Share, nodeName: string): PoolAllocation[] {
  const { family, first, last } = range;
  if (pool.type === "ippool") {
    const [startIP, endIP] = [first, last].map((value) => formatAddress({ family, value }));
    return [{ nodeName, startIP: startIP!, endIP: endIP! }];
  }
  const gateway = prefixGateway(pool, subnet);
  return [{ nodeName, prefix: formatSubnet(subnet), ...(gateway && { gateway: formatAddress(gateway) }) }];
}
