// SPDX-License-Identifier: Apache-2.0
import { countBetween, overlapSize, type Subject } from "./subject.ts";

export type Totals = {
  readonly nodes: number;
  /** Addresses that can be chosen in all blocks, used ones included. */
  readonly capacity: bigint;
  readonly used: number;
  /** Used ones outside every block: static addresses. */
  readonly outside: number;
};

export function countTotals({ blocks, excluded, gateways, used }: Subject): Totals {
  let capacity = 0n;
  let inside = 0;
  for (const { first, last } of blocks) {
    const barred = overlapSize(excluded, first, last) + BigInt(countBetween(gateways, first, last));
    capacity += last - first + 1n - barred;
    inside += countBetween(used, first, last);
  }
  const nodes = new Set(blocks.map(({ owner }) => owner)).size;
  return { nodes, capacity, used: used.length, outside: used.length - inside };
}

/** As "37 %"; "<1 %" for what is not nothing. */
export function percent(part: bigint, whole: bigint): string {
  if (part === 0n || whole === 0n) return part === 0n ? "0 %" : "100 %";
  const value = (part * 100n) / whole;
  return value === 0n ? "<1 %" : `${value} %`;
}
