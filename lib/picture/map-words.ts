// SPDX-License-Identifier: Apache-2.0
// What a map says of itself in words.
import { formatAddress } from "../ip/address.ts";
import { countText } from "../pool/count-text.ts";
import type { Layout } from "./layout.ts";
import type { Scale } from "./scale.ts";
import type { Subject } from "./subject.ts";
import { countTotals, percent } from "./totals.ts";

/** "3 nodes, 42 of 299 addresses used (14 %)". */
export function describeTotals(subject: Subject): string {
  const { nodes, capacity, used, outside } = countTotals(subject);
  const inside = BigInt(used - outside);
  const statics = outside === 0 ? "" : `, ${outside} more outside of every block`;
  return `${countText(nodes, "node")}, ${inside} of ${capacity} addresses used (${percent(inside, capacity)})${statics}`;
}

/** How much a cell is, and what stands together where that is no block. */
export function describeScale({ scale, rows, groupCells }: Layout): string {
  const { cellSize, cellsPerBlock, blocksPerCell } = scale;
  const size = `${describeSize(cellSize)} ${cellSize === 1n ? "address" : "addresses"}`;
  if (cellsPerBlock > 1) return `1 cell: ${size}`;
  const nodes = blocksPerCell > 1n ? `the blocks of ${blocksPerCell} nodes, ` : "the block of 1 node, ";
  const cell = `1 cell: ${cellSize > 1n ? nodes : ""}${size}`;
  if (rows.length === 1 && rows[0]!.groups.length === 1) return cell;
  const isNamed = rows.some(({ isLabelled }) => isLabelled);
  return `${cell}; ${isNamed ? `every ${groupCells} under their first node` : `a gap after every ${groupCells}`}`;
}

const LONGEST_SIZE = 6;

/** As digits, or as a power of two where those would be many: the line has to fit a terminal. */
function describeSize(size: bigint): string {
  const digits = String(size);
  const bits = size.toString(2);
  return digits.length > LONGEST_SIZE && /^10*$/.test(bits) ? `2^${bits.length - 1}` : digits;
}

/** What is not drawn because no node has any of it; undefined: all is drawn. */
export function describeRest({ last, blockSize, family }: Subject, scale: Scale): string | undefined {
  if (scale.last >= last) return undefined;
  const blocks = (last - scale.last) / blockSize;
  const to = formatAddress({ family, value: last });
  return `… to ${to}: ${countText(blocks, "more block")}, no node's`;
}
