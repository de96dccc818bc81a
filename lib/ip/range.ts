// SPDX-License-Identifier: Apache-2.0
import type { Address, Family } from "./address.ts";

/** The addresses from `first` to `last`, both included; first ≤ last. */
export type Range = { readonly family: Family; readonly first: bigint; readonly last: bigint };

export function rangeSize({ first, last }: Range): bigint {
  return last - first + 1n;
}

export function rangeContains(range: Range, { family, value }: Address): boolean {
  return range.family === family && range.first <= value && value <= range.last;
}

/** What two ranges have in common; undefined when that is nothing. */
export function intersectRanges(a: Range, b: Range): Range | undefined {
  if (a.family !== b.family) return undefined;
  const first = a.first > b.first ? a.first : b.first;
  const last = a.last < b.last ? a.last : b.last;
  return first <= last ? { family: a.family, first, last } : undefined;
}

/** The same addresses as sorted ranges that neither overlap nor touch; all of one family. */
export function mergeRanges<R extends { readonly first: bigint; readonly last: bigint }>(
  ranges: readonly R[],
): R[] {
  const sorted = [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: R[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && range.first <= before.last + 1n) {
      if (range.last > before.last) merged[merged.length - 1] = { ...before, last: range.last };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** What of `ranges` lies within `bounds`, merged. */
export function clampRanges(bounds: Range, ranges: readonly Range[]): Range[] {
  return mergeRanges(ranges.flatMap((range) => intersectRanges(bounds, range) ?? []));
}

/** The first of sorted, separate ranges that ends at or after `value`, as an index; their number when there is none. */
export function findRangeIndex(sorted: readonly { readonly last: bigint }[], value: bigint): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.last < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
