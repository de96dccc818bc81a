// SPDX-License-Identifier: Apache-2.0
import { intersectRanges } from "../ip/range.ts";
import type { Scale } from "./scale.ts";
import { blocksBetween, countBetween, overlapSize, type Subject } from "./subject.ts";

/** What a cell is, in the order of what counts first. */
export type CellState =
  /** The gateway is in it. */
  | "gateway"
  /** Somebody holds addresses in it; see `fill`. */
  | "used"
  /** All of it can be chosen by its node, and nobody holds any. */
  | "free"
  /** Nothing in it is ever chosen. */
  | "excluded"
  /** No node has it. */
  | "unassigned";

export type Cell = {
  readonly first: bigint;
  readonly last: bigint;
  readonly state: CellState;
  /** The nodes that have a part of it, in the order of their blocks. */
  readonly owners: readonly string[];
  readonly used: number;
  /** Addresses that can be chosen in it, used ones included. */
  readonly capacity: bigint;
  /** Used by capacity in tenths, 0 to 10; 0 only when nothing is used, 10 only when nothing is left. */
  readonly fill: number;
};

/** The subject's cells from its first address on. */
export function drawCells(subject: Subject, { cellSize, last }: Scale): Cell[] {
  const cells: Cell[] = [];
  // Where a cell is many blocks with a gateway each, marking it would hide everything else.
  const marksGateways = subject.gateways.length === 1 || cellSize < subject.blockSize;
  for (let first = subject.first; first <= last; first += cellSize) {
    const end = first + cellSize - 1n;
    cells.push(drawCell(subject, { first, last: end < last ? end : last, marksGateways }));
  }
  return cells;
}

type CellPlace = { readonly first: bigint; readonly last: bigint; readonly marksGateways: boolean };

function drawCell(subject: Subject, { first, last, marksGateways }: CellPlace): Cell {
  const { blocks, excluded, gateways, family } = subject;
  const owned = blocksBetween(blocks, first, last);
  let capacity = 0n;
  for (const block of owned) {
    const part = intersectRanges({ family, first, last }, { family, ...block });
    if (part === undefined) continue;
    const kept = overlapSize(excluded, part.first, part.last);
    const barred = kept + BigInt(countBetween(gateways, part.first, part.last));
    capacity += part.last - part.first + 1n - barred;
  }
  const used = countBetween(subject.used, first, last);
  const isGateway = marksGateways && countBetween(gateways, first, last) > 0;
  const isExcluded = owned.length > 0 || overlapSize(excluded, first, last) === last - first + 1n;
  const unused = capacity > 0n ? "free" : isExcluded ? "excluded" : "unassigned";
  return {
    first,
    last,
    state: isGateway ? "gateway" : used > 0 ? "used" : unused,
    owners: owned.map(({ owner }) => owner),
    used,
    capacity,
    fill: tenths(BigInt(used), capacity),
  };
}

/** Static addresses may be excluded ones, so there may be more used than there is capacity. */
export function tenths(used: bigint, capacity: bigint): number {
  if (used === 0n) return 0;
  if (used >= capacity) return 10;
  const part = Number((used * 10n) / capacity);
  return Math.max(1, part);
}
