// SPDX-License-Identifier: Apache-2.0
import { ADDRESS_BITS, type Address, type Family } from "../ip/address.ts";
import { findRangeIndex, mergeRanges, type Range } from "../ip/range.ts";
import { usableRange } from "../ip/subnet.ts";
import type { CIDRPool, IPPool, Pool } from "./pool.ts";

/** A pool's network as blocks of equal size, numbered from 0. */
export type BlockGrid = {
  readonly family: Family;
  /** First address of block 0. */
  readonly first: bigint;
  /** Addresses per block. */
  readonly size: bigint;
  /** Addresses of a block, from its first on, that must all be excluded for the block to count as excluded. */
  readonly counted: bigint;
  readonly count: bigint;
};

/** Block numbers from `first` to `last`. */
export type BlockSpan = { readonly first: bigint; readonly last: bigint };

/** Blocks of perNodeBlockSize from the first usable address; the rest that fills no block, and IPv4 broadcast, stay out. */
export function ipPoolGrid({ subnet, perNodeBlockSize: size }: IPPool): BlockGrid {
  const { family, first, last } = usableRange(subnet);
  return { family, first, size, counted: size, count: (last - first + 1n) / size };
}

/** Prefixes of perNodeNetworkPrefix; exclusions are measured from network address to last usable address. */
export function cidrPoolGrid({ cidr, perNodeNetworkPrefix }: CIDRPool): BlockGrid {
  const { family, base } = cidr;
  const size = 1n << BigInt(ADDRESS_BITS[family] - perNodeNetworkPrefix);
  const { last } = usableRange({ family, base, prefixLength: perNodeNetworkPrefix });
  const count = 1n << BigInt(perNodeNetworkPrefix - cidr.prefixLength);
  return { family, first: base, size, counted: last - base + 1n, count };
}

export function blockRange(grid: BlockGrid, index: bigint): Range {
  const first = grid.first + index * grid.size;
  return { family: grid.family, first, last: first + grid.size - 1n };
}

/** The number of the block that begins at `address`; undefined when none does. */
export function findBlock(grid: BlockGrid, { family, value }: Address): bigint | undefined {
  const distance = value - grid.first;
  if (family !== grid.family || distance < 0n || distance % grid.size !== 0n) return undefined;
  const index = distance / grid.size;
  return index < grid.count ? index : undefined;
}

/** One block alone. */
export function singleSpan({ index }: { readonly index: bigint }): BlockSpan {
  return { first: index, last: index };
}

/** The blocks that exclusions and perNodeExclusions together cover; sorted and separate, however many blocks they hold. */
export function excludedBlocks(grid: BlockGrid, pool: Pool): BlockSpan[] {
  // A block is usable when one address of it is: one in no exclusion, and in a part that no perNodeExclusion covers.
  const perNode = pool.perNodeExclusions.map(({ startIndex, endIndex }) => ({
    first: startIndex,
    last: endIndex,
  }));
  const parts = gapsBetween(perNode, grid.counted);
  const exclusions = pool.exclusions.map(({ first, last }) => ({
    first: first - grid.first,
    last: last - grid.first,
  }));
  const usable = gapsBetween(exclusions, grid.count * grid.size).flatMap((gap) =>
    usableBlocks(gap, grid, parts),
  );
  return gapsBetween(usable, grid.count);
}

/** The blocks of which `gap`, addresses counted from block 0, holds one of the parts or some of one. */
function usableBlocks(gap: BlockSpan, { size }: BlockGrid, parts: readonly BlockSpan[]): BlockSpan[] {
  const [first, last] = [gap.first / size, gap.last / size];
  const holdsPart = (block: bigint): boolean => {
    const [from, to] = [gap.first - block * size, gap.last - block * size];
    const part = parts[findRangeIndex(parts, from)];
    return part !== undefined && part.first <= to;
  };
  const edges = [first, last].filter(holdsPart).map((index) => singleSpan({ index }));
  const isBetween = parts.length > 0 && last - first > 1n;
  return isBetween ? [...edges, { first: first + 1n, last: last - 1n }] : edges;
}

/** What of 0 … length − 1 lies in none of the spans; sorted and separate. */
function gapsBetween(spans: readonly BlockSpan[], length: bigint): BlockSpan[] {
  const gaps: BlockSpan[] = [];
  let next = 0n;
  for (const { first, last } of mergeRanges(spans)) {
    if (first >= length) break;
    if (first > next) gaps.push({ first: next, last: first - 1n });
    if (last >= next) next = last + 1n;
  }
  if (next < length) gaps.push({ first: next, last: length - 1n });
  return gaps;
}
