// SPDX-License-Identifier: Apache-2.0
import type { Subject } from "./subject.ts";

/** How a subject is cut into cells. Either a block has several cells, or a cell has several blocks, or they are one. */
export type Scale = {
  /** Addresses of a cell. */
  readonly cellSize: bigint;
  /** Cells of a block; 1 when a cell is a block or more. */
  readonly cellsPerBlock: number;
  /** Blocks of a cell; 1 when a block has one cell or more. */
  readonly blocksPerCell: bigint;
  /** The last address that is drawn: the end of the subject unless nothing but unassigned blocks comes after. */
  readonly last: bigint;
};

export type Room = {
  /** Cells that fit: an upper bound, for layouts lose some of it to gaps and rows that are not full. */
  readonly cells: number;
  /** Draw unassigned blocks to the end of the network, however many. */
  readonly whole: boolean;
};

// Blocks beyond the last assigned one are left out when they would take more than this part of the map.
const UNASSIGNED_PART = 4n;

/** Cells of a block that has its node's name above it: what is left of "worker-0012" has its number. */
export const NARROWEST_BLOCK = 4;

/**
 * The finest scale at which the subject has no more cells than there is room for. Unassigned blocks at its end are left out
 * where that makes the rest finer and they are most of it.
 */
export function chooseScale(subject: Subject, { cells, whole }: Room): Scale {
  const all = scaleTo(subject, subject.last, cells);
  const worth = lastWorthDrawing(subject);
  return whole || all.cellSize === 1n || worth === subject.last ? all : scaleTo(subject, worth, cells);
}

function scaleTo({ first, blockSize }: Subject, last: bigint, room: number): Scale {
  const size = last - first + 1n;
  const cells = BigInt(room);
  const perBlock = mostCellsPerBlock(blockSize, Number(min(cells / ceilDivide(size, blockSize), cells)));
  if (perBlock > 0)
    return { cellSize: blockSize / BigInt(perBlock), cellsPerBlock: perBlock, blocksPerCell: 1n, last };
  let blocksPerCell = 1n;
  while (ceilDivide(size, blockSize * blocksPerCell) > cells) blocksPerCell *= 2n;
  return { cellSize: blockSize * blocksPerCell, cellsPerBlock: 1, blocksPerCell, last };
}

function lastWorthDrawing({ first, last, blocks, blockSize }: Subject): bigint {
  const end = min(blocks.at(-1)?.last ?? first + blockSize - 1n, last);
  return (end - first + 1n) * UNASSIGNED_PART < last - first + 1n ? end : last;
}

/**
 * The most cells, up to `most`, into which a block can be cut evenly; 0 when `most` is. A block in two or three cells that
 * are no single addresses has no room for a name and tells less than one cell with its fill level: 1 then.
 */
function mostCellsPerBlock(blockSize: bigint, most: number): number {
  const start = Number(min(BigInt(most), blockSize));
  for (let count = start; count > 1; count--) {
    if (blockSize % BigInt(count) !== 0n) continue;
    return count >= NARROWEST_BLOCK || BigInt(count) === blockSize ? count : 1;
  }
  return Math.min(start, 1);
}

function ceilDivide(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
