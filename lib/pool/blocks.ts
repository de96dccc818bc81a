// SPDX-License-Identifier: Apache-2.0
// Which node has which block of a pool: a pure function of spec, last status and the nodes that belong to the pool.
import { formatAddress, parseAddress } from "../ip/address.ts";
import { mergeRanges } from "../ip/range.ts";
import { formatSubnet, parseSubnet, type Subnet } from "../ip/subnet.ts";
import {
  type BlockGrid,
  type BlockSpan,
  blockRange,
  cidrPoolGrid,
  excludedBlocks,
  findBlock,
  ipPoolGrid,
  singleSpan,
} from "./block-grid.ts";
import {
  type CIDRPoolBlock,
  findPrefix,
  indexStatics,
  type Misfit,
  prefixGateway,
  readCIDRPoolEntry,
  readIPPoolEntry,
  readPrefix,
  type Statics,
} from "./entry.ts";
import { type BlockPlan, type Candidate, type KeptBlocks, keepBlocks, planBlocks } from "./plan.ts";
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
 * `held`: blocks that nodes have lost, the youngest first: no other node gets them, their own gets them back.
 */
export function computeIPPoolBlocks(
  pool: IPPool,
  last: readonly IPPoolAllocation[],
  nodes: readonly string[],
  held: readonly IPPoolAllocation[] = [],
): BlockPlan<IPPoolAllocation> {
  const grid = ipPoolGrid(pool);
  const unusable = mergeRanges([...excludedBlocks(grid, pool), ...gatewayBlock(grid, pool)]);
  const give = (name: string, index: bigint) => ipPoolEntry(grid, name, index);
  const read = (entry: IPPoolAllocation) =>
    candidate(entry, readIPPoolEntry(pool, entry), ({ index }) => give(entry.nodeName, index));
  const heldBlocks = held.flatMap(read);
  const wanted = new Set(nodes);
  const kept: KeptBlocks<IPPoolAllocation> = new Map();
  keepBlocks(kept, [...last.flatMap(read), ...heldBlocks], { wanted, unusable });
  const taken = [...unusable, ...heldBlocks.map(singleSpan)];
  return planBlocks({ nodes: wanted, kept, unusable: taken, count: grid.count, give });
}

/**
 * As computeIPPoolBlocks, but static allocations come first, excluded, held or not, and are written as in the spec; of two
 * entries of `last` with the same node, prefix or gateway none counts. The gateways of `held` do not matter.
 */
export function computeCIDRPoolBlocks(
  pool: CIDRPool,
  last: readonly CIDRPoolAllocation[],
  nodes: readonly string[],
  held: readonly CIDRPoolAllocation[] = [],
): BlockPlan<CIDRPoolAllocation> {
  const grid = cidrPoolGrid(pool);
  const statics = indexStatics(pool);
  const excluded = excludedBlocks(grid, pool);
  const reserved = pool.staticAllocations.map(({ prefix }) => staticSpan(grid, prefix));
  const wanted = new Set(nodes);
  const kept = keepStatics(pool, { grid, statics, wanted });
  const read = (entry: CIDRPoolAllocation) =>
    candidate(entry, readCIDRPoolEntry(pool, entry, statics), (block) =>
      cidrPoolEntry(entry.nodeName, block),
    );
  const repeated = findRepeated(last);
  const lastBlocks = last.filter((entry) => !repeated(entry)).flatMap(read);
  const heldBlocks = held
    .filter((entry) => !repeated(entry))
    .map((entry) => withGatewayOfToday(pool, entry, statics))
    .flatMap(read);
  keepBlocks(kept, [...lastBlocks, ...heldBlocks], { wanted, unusable: excluded });
  const give = (name: string, index: bigint) => {
    const { family, first: base } = blockRange(grid, index);
    const prefix = { family, base, prefixLength: pool.perNodeNetworkPrefix };
    const gateway = prefixGateway(pool, prefix);
    return cidrPoolEntry(name, { prefix, ...(gateway && { gateway }) });
  };
  const unusable = [...excluded, ...reserved, ...held.flatMap((entry) => prefixSpans(pool, entry))];
  return planBlocks({ nodes: wanted, kept, unusable, count: grid.count, give });
}

type StaticsInput = {
  readonly grid: BlockGrid;
  readonly statics: Statics;
  readonly wanted: ReadonlySet<string>;
};

/** Static allocations are their nodes' whatever stands in status. */
function keepStatics(
  pool: CIDRPool,
  { grid, statics, wanted }: StaticsInput,
): KeptBlocks<CIDRPoolAllocation> {
  const kept: KeptBlocks<CIDRPoolAllocation> = new Map();
  for (const [name, allocation] of statics.byNode) {
    if (!wanted.has(name)) continue;
    const { first: index } = staticSpan(grid, allocation.prefix);
    kept.set(name, { index, entry: staticEntry(pool, allocation) });
  }
  return kept;
}

/** An edit of the gateway does not end the hold of a prefix. */
function withGatewayOfToday(pool: CIDRPool, { nodeName, prefix }: CIDRPoolAllocation, statics: Statics) {
  const subnet = parseSubnet(prefix);
  const gateway = subnet && prefixGateway(pool, subnet, statics.byNode.get(nodeName));
  return { nodeName, prefix, ...(gateway && { gateway: formatAddress(gateway) }) };
}

/** Also of a node that static allocations give another prefix. */
function prefixSpans(pool: CIDRPool, { prefix }: CIDRPoolAllocation): BlockSpan[] {
  const subnet = parseSubnet(prefix);
  const index = subnet && findPrefix(pool, subnet);
  return index === undefined ? [] : [singleSpan({ index })];
}

/** The entry's block, if it says one, with the entry that the next status has for it. */
function candidate<Entry extends { readonly nodeName: string }, Block extends { readonly index: bigint }>(
  { nodeName }: Entry,
  block: Block | Misfit,
  write: (block: Block) => Entry,
): Candidate<Entry>[] {
  return "problem" in block ? [] : [{ nodeName, index: block.index, entry: write(block) }];
}

/** Either of the two, for callers that have a pool of any type; entries of the other type are none. */
export function computeBlocks(
  pool: Pool,
  last: readonly PoolAllocation[],
  nodes: readonly string[],
  held: readonly PoolAllocation[] = [],
): BlockPlan<PoolAllocation> {
  if (pool.type === "ippool") {
    return computeIPPoolBlocks(pool, last.filter(isIPPoolEntry), nodes, held.filter(isIPPoolEntry));
  }
  return computeCIDRPoolBlocks(pool, last.filter(isCIDRPoolEntry), nodes, held.filter(isCIDRPoolEntry));
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
  return index === undefined ? [] : [singleSpan({ index })];
}

function staticSpan(grid: BlockGrid, { base }: Subnet): BlockSpan {
  return singleSpan({ index: (base - grid.first) / grid.size });
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
    const subnet = readPrefix(prefix);
    const address = parseAddress(gateway ?? "");
    const keys = [`node ${nodeName}`, `prefix ${"problem" in subnet ? prefix : formatSubnet(subnet)}`];
    return address ? [...keys, `gateway ${formatAddress(address)}`] : keys;
  };
  for (const key of last.flatMap(keysOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return (entry) => keysOf(entry).some((key) => counts.get(key)! > 1);
}
