// SPDX-License-Identifier: Apache-2.0
import { ADDRESS_BITS, type Address, type Family } from "../ip/address.ts";
import { mergeRanges, type Range } from "../ip/range.ts";
import { usableRange } from "../ip/subnet.ts";
import type { CIDRPool, IndexRange, IPPool, Pool } from "./pool.ts";

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

/** The blocks that exclusions and perNodeExclusions together cover; sorted and separate, however many blocks they hold. */
export function excludedBlocks(grid: BlockGrid, pool: Pool): BlockSpan[] {
  const exclusions = mergeRanges(pool.exclusions);
  let excluded: BlockSpan[] = [{ first: 0n, last: grid.count - 1n }];
  for (const part of uncoveredParts(grid.counted, pool.perNodeExclusions)) {
    // What perNodeExclusions leave over of each block must lie in one of the separate ranges.
    const covered = exclusions.map(({ first, last }) => ({
      first: ceilDivide(first - grid.first - part.first, grid.size),
      last: floorDivide(last - grid.first - part.last, grid.size),
    }));
    excluded = intersectSpans(excluded, covered);
  }
  return mergeRanges(excluded);
}

/** The parts of 0 … length − 1 that no index range covers. */
function uncoveredParts(length: bigint, ranges: readonly IndexRange[]): BlockSpan[] {
  const merged = mergeRanges(
    ranges.map(({ startIndex, endIndex }) => ({ first: startIndex, last: endIndex })),
  );
  const parts: BlockSpan[] = [];
  let next = 0n;
  for (const { first, last } of merged) {
    if (first >= length) break;
    if (first > next) parts.push({ first: next, last: first - 1n });
    next = last + 1n;
  }
  if (next < length) parts.push({ first: next, last: length - 1n });
  return parts;
}

/** What two sorted lists of separate spans have in common; spans that end before they begin are empty. */
function intersectSpans(a: readonly BlockSpan[], b: readonly BlockSpan[]): BlockSpan[] {
  const common: BlockSpan[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const first = a[i]!.first > b[j]!.first ? a[i]!.first : b[j]!.first;
    const last = a[i]!.last < b[j]!.last ? a[i]!.last : b[j]!.last;
    if (first <= last) common.push({ first, last });
    if (a[i]!.last <= b[j]!.last) i++;
    else j++;
  }
  return common;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

function ceilDivide(value: bigint, by: bigint): bigint {
  return -floorDivide(-value, by);
}
