// SPDX-License-Identifier: Apache-2.0
import type { Family } from "../ip/address.ts";
import { findRangeIndex, type Range } from "../ip/range.ts";

/** The addresses that one node has of a pool. */
export type OwnedBlock = { readonly owner: string; readonly first: bigint; readonly last: bigint };

/** What a map shows: a pool, or one node's share of it. */
export type Subject = {
  /** As "pool1 (ippool), 192.168.0.0/16". */
  readonly title: string;
  readonly family: Family;
  /** Where block 0 begins, and what the map ends with. */
  readonly first: bigint;
  readonly last: bigint;
  /** Addresses of a block. */
  readonly blockSize: bigint;
  /** Sorted by address, separate; each begins a multiple of blockSize after `first`. */
  readonly blocks: readonly OwnedBlock[];
  /** Addresses that are never chosen, gateways left out; sorted and separate. */
  readonly excluded: readonly Range[];
  /** Sorted, each once. */
  readonly gateways: readonly bigint[];
  /** Addresses that somebody holds; sorted, each once. */
  readonly used: readonly bigint[];
};

/** How many of sorted numbers lie from `first` to `last`. */
export function countBetween(sorted: readonly bigint[], first: bigint, last: bigint): number {
  return lowerBound(sorted, last + 1n) - lowerBound(sorted, first);
}

/** How many addresses of sorted, separate ranges lie from `first` to `last`. */
export function overlapSize(
  sorted: readonly { readonly first: bigint; readonly last: bigint }[],
  first: bigint,
  last: bigint,
): bigint {
  let size = 0n;
  for (let i = findRangeIndex(sorted, first); i < sorted.length && sorted[i]!.first <= last; i++) {
    const from = sorted[i]!.first > first ? sorted[i]!.first : first;
    const to = sorted[i]!.last < last ? sorted[i]!.last : last;
    size += to - from + 1n;
  }
  return size;
}

/** The blocks that reach into the addresses from `first` to `last`. */
export function blocksBetween(
  blocks: readonly OwnedBlock[],
  first: bigint,
  last: bigint,
): readonly OwnedBlock[] {
  const from = findRangeIndex(blocks, first);
  let to = from;
  while (to < blocks.length && blocks[to]!.first <= last) to++;
  return blocks.slice(from, to);
}

function lowerBound(sorted: readonly bigint[], value: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
