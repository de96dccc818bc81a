// SPDX-License-Identifier: Apache-2.0
// Which node has which block of a pool: a pure function of spec, last status and the nodes that belong to the pool.
import { formatAddress, parseAddress } from "../ip/address.ts";
import { mergeRanges } from "../ip/range.ts";
import { formatSubnet, parseSubnet } from "../ip/subnet.ts";
import {
  type BlockGrid,
  type BlockSpan,
  blockRange,
  cidrPoolGrid,
  excludedBlocks,
  findBlock,
  ipPoolGrid,
} from "./block-grid.ts";
import {
  type CIDRPoolBlock,
  indexStatics,
  prefixGateway,
  readCIDRPoolEntry,
  readIPPoolEntry,
} from "./entry.ts";
import { type BlockPlan, hasBlock, type KeptBlock, planBlocks } from "./plan.ts";
import type {
  CIDRPool,
  CIDRPoolAllocation,
  IPPool,
  IPPoolAllocation,
  Pool,
  PoolAllocation,
  StaticAllocation,
} from "./pool.ts";

/**
 * `last`: the entries as they stand in status. `nodes`: names of the nodes that belong to the pool, in any order. A node
 * keeps its block while it fits and is not excluded; of two entries with one block or one node the first counts.
 */
export function computeIPPoolBlocks(
  pool: IPPool,
  last: readonly IPPoolAllocation[],
  nodes: readonly string[],
): BlockPlan<IPPoolAllocation> {
  const grid = ipPoolGrid(pool);
  const unusable = mergeRanges([...excludedBlocks(grid, pool), ...gatewayBlock(grid, pool)]);
  const wanted = new Set(nodes);
  const kept = new Map<string, KeptBlock<IPPoolAllocation>>();
  const taken = new Set<bigint>();
  for (const entry of last) {
    if (!wanted.has(entry.nodeName) || kept.has(entry.nodeName)) continue;
    const block = readIPPoolEntry(pool, entry);
    if ("problem" in block || taken.has(block.index) || hasBlock(unusable, block.index)) continue;
    taken.add(block.index);
    kept.set(entry.nodeName, { index: block.index, entry: ipPoolEntry(grid, entry.nodeName, block.index) });
  }
  const give = (name: string, index: bigint) => ipPoolEntry(grid, name, index);
  return planBlocks({ nodes: wanted, kept, unusable, count: grid.count, give });
}

/**
 * As computeIPPoolBlocks, but static allocations come first, excluded or not, and are written as in the spec; of two
 * entries of `last` with the same node, prefix or gateway none counts.
 */
export function computeCIDRPoolBlocks(
  pool: CIDRPool,
  last: readonly CIDRPoolAllocation[],
  nodes: readonly string[],
): BlockPlan<CIDRPoolAllocation> {
  const grid = cidrPoolGrid(pool);
  const statics = indexStatics(pool);
  const excluded = excludedBlocks(grid, pool);
  const reserved = pool.staticAllocations.map(({ prefix }) => singleBlock(grid, prefix.base));
  const wanted = new Set(nodes);
  const kept = new Map<string, KeptBlock<CIDRPoolAllocation>>();
  for (const [name, allocation] of statics.byNode) {
    if (!wanted.has(name)) continue;
    kept.set(name, {
      index: singleBlock(grid, allocation.prefix.base).first,
      entry: staticEntry(pool, allocation),
    });
  }
  const repeated = findRepeated(last);
  for (const entry of last) {
    if (!wanted.has(entry.nodeName) || kept.has(entry.nodeName) || repeated(entry)) continue;
    const block = readCIDRPoolEntry(pool, entry, statics);
    if ("problem" in block || hasBlock(excluded, block.index)) continue;
    kept.set(entry.nodeName, { index: block.index, entry: cidrPoolEntry(entry.nodeName, block) });
  }
  const give = (name: string, index: bigint) => {
    const prefix = {
      family: grid.family,
      base: blockRange(grid, index).first,
      prefixLength: pool.perNodeNetworkPrefix,
    };
    const gateway = prefixGateway(pool, prefix);
    return cidrPoolEntry(name, { prefix, ...(gateway && { gateway }) });
  };
  return planBlocks({ nodes: wanted, kept, unusable: [...excluded, ...reserved], count: grid.count, give });
}

/** Either of the two, for callers that have a pool of any type; entries of the other type are none. */
export function computeBlocks(
  pool: Pool,
  last: readonly PoolAllocation[],
  nodes: readonly string[],
): BlockPlan<PoolAllocation> {
  if (pool.type === "ippool") return computeIPPoolBlocks(pool, last.filter(isIPPoolEntry), nodes);
  return computeCIDRPoolBlocks(pool, last.filter(isCIDRPoolEntry), nodes);
}

function isIPPoolEntry(entry: PoolAllocation): entry is IPPoolAllocation {
  return "startIP" in entry;
}

function isCIDRPoolEntry(entry: PoolAllocation): entry is CIDRPoolAllocation {
  return "prefix" in entry;
}

/** A block of one address must not be the gateway's. */
function gatewayBlock(grid: BlockGrid, { perNodeBlockSize, gateway }: IPPool): BlockSpan[] {
  if (perNodeBlockSize !== 1n || gateway === undefined) return [];
  const index = findBlock(grid, gateway);
  return index === undefined ? [] : [{ first: index, last: index }];
}

function singleBlock(grid: BlockGrid, base: bigint): BlockSpan {
  const index = (base - grid.first) / grid.size;
  return { first: index, last: index };
}

function ipPoolEntry(grid: BlockGrid, nodeName: string, index: bigint): IPPoolAllocation {
  const { family, first, last } = blockRange(grid, index);
  return {
    nodeName,
    startIP: formatAddress({ family, value: first }),
    endIP: formatAddress({ family, value: last }),
  };
}

function cidrPoolEntry(
  nodeName: string,
  { prefix, gateway }: Omit<CIDRPoolBlock, "index">,
): CIDRPoolAllocation {
  return {
    nodeName,
    prefix: formatSubnet(prefix),
    ...(gateway && { gateway: formatAddress(gateway) }),
  };
}

/** Letter by letter as the spec has it: the Go daemon compares strings. */
function staticEntry(pool: CIDRPool, allocation: StaticAllocation): CIDRPoolAllocation {
  const { nodeName = "", prefix, written } = allocation;
  const computed = prefixGateway(pool, prefix, allocation);
  const gateway = written.gateway || (computed && formatAddress(computed));
  return { nodeName, prefix: written.prefix, ...(gateway && { gateway }) };
}

/** Entries of nodes that are gone count too, as they do in the Go controller and daemon. */
function findRepeated(last: readonly CIDRPoolAllocation[]): (entry: CIDRPoolAllocation) => boolean {
  const counts = new Map<string, number>();
  const keysOf = ({ nodeName, prefix, gateway }: CIDRPoolAllocation) => {
    const subnet = parseSubnet(prefix);
    const address = parseAddress(gateway ?? "");
    const keys = [`node ${nodeName}`, `prefix ${subnet ? formatSubnet(subnet) : prefix}`];
    return address ? [...keys, `gateway ${formatAddress(address)}`] : keys;
  };
  for (const key of last.flatMap(keysOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return (entry) => keysOf(entry).some((key) => counts.get(key)! > 1);
}
