// SPDX-License-Identifier: Apache-2.0
import { type Cell, drawCells } from "./cells.ts";
import { chooseScale, NARROWEST_BLOCK, type Scale } from "./scale.ts";
import type { Subject } from "./subject.ts";

/** Cells that belong together and are set apart from others: those of one block, or so many where a cell is a block or more. */
export type Group = {
  readonly cells: readonly Cell[];
  /** The first node that has a part of the group. */
  readonly label?: string;
};

export type Row = {
  readonly first: bigint;
  readonly groups: readonly Group[];
  /** Whether a line with the groups' labels belongs above it. */
  readonly isLabelled: boolean;
};

export type Layout = {
  readonly scale: Scale;
  readonly rows: readonly Row[];
  /** Cells of a group; a block that takes several rows has as many as a row has. */
  readonly groupCells: number;
};

export type Frame = {
  /** Cells side by side, a gap between groups counting as one. */
  readonly columns: number;
  /** Lines, label lines included. A subject may need more than this where even the coarsest scale does. */
  readonly lines: number;
  readonly whole: boolean;
};

/** The finest drawing of the subject that fits into the frame; with names where there is room for them. */
export function layOut(subject: Subject, { columns, lines, whole }: Frame): Layout {
  let tried: Scale | undefined;
  for (let cells = columns * lines; ; cells = Math.floor(cells * 0.9)) {
    const scale = chooseScale(subject, { cells: Math.max(cells, 1), whole });
    const isLast = cells <= columns;
    // Less room is often the same scale, which has been drawn already.
    if (scale.cellSize === tried?.cellSize && scale.last === tried.last && !isLast) continue;
    tried = scale;
    const named = layRows(drawCells(subject, scale), scale, columns);
    if (heightOf(named) <= lines) return { scale, ...named };
    const unnamed = { ...named, rows: named.rows.map((row) => ({ ...row, isLabelled: false })) };
    if (scale.cellsPerBlock === 1 && (isLast || heightOf(unnamed) <= lines)) return { scale, ...unnamed };
    if (isLast) return { scale, ...named };
  }
}

type Rows = Pick<Layout, "rows" | "groupCells">;

function heightOf({ rows }: Rows): number {
  return rows.reduce((sum, { isLabelled }) => sum + (isLabelled ? 2 : 1), 0);
}

function layRows(cells: readonly Cell[], { cellsPerBlock, cellSize }: Scale, columns: number): Rows {
  if (cellsPerBlock === 1) return layGroups(cells, groupLength(cellSize, columns), columns);
  if (cellsPerBlock <= columns) return layGroups(cells, cellsPerBlock, columns);
  // Rows of one length: 50 and 50 cells are read more easily than 66 and 34.
  const perRow = Math.ceil(cellsPerBlock / Math.ceil(cellsPerBlock / columns));
  const rows = chunk(cells, cellsPerBlock).flatMap((block) =>
    chunk(block, perRow).map((part, i) => rowOf([i === 0 ? labelled(part) : { cells: part }], i === 0)),
  );
  return { rows, groupCells: perRow };
}

function layGroups(cells: readonly Cell[], length: number, columns: number): Rows {
  const perRow = Math.max(1, Math.floor((columns + 1) / (length + 1)));
  const groups = chunk(cells, length).map(labelled);
  const rows = chunk(groups, perRow).map((row) => rowOf(row, length >= NARROWEST_BLOCK));
  return { rows, groupCells: length };
}

/**
 * How many cells of a block or more each stand together, so that they can be counted and rows begin at round addresses:
 * of those lengths that are round for the cells' size the one with the most cells in a row.
 */
function groupLength(cellSize: bigint, columns: number): number {
  const isPowerOfTwo = (cellSize & (cellSize - 1n)) === 0n;
  const lengths = isPowerOfTwo ? [16, 32, 8] : [10, 20, 50];
  const inRow = (length: number): number => length * Math.floor((columns + 1) / (length + 1));
  const best = lengths.reduce((one, other) => (inRow(other) > inRow(one) ? other : one));
  return inRow(best) === 0 ? columns : best;
}

function labelled(cells: readonly Cell[]): Group {
  const [owner] = cells.find(({ owners }) => owners.length > 0)?.owners ?? [];
  return { cells, ...(owner !== undefined && { label: owner }) };
}

function rowOf(groups: readonly Group[], mayLabel: boolean): Row {
  const isLabelled = mayLabel && groups.some(({ label }) => label !== undefined);
  return { first: groups[0]!.cells[0]!.first, groups, isLabelled };
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
