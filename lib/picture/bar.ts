// SPDX-License-Identifier: Apache-2.0
import { tenths } from "./cells.ts";
import { levelPaint, paint } from "./glyph.ts";
import { percent } from "./totals.ts";

const WIDTH = 20;

/** A fill level, "[####................]  20 %"; coloured where `hasColour`. Empty only when nothing is used, full only when nothing is left. */
export function drawBar(used: bigint, capacity: bigint, hasColour: boolean): string {
  const length = barLength(used, capacity);
  const full = "#".repeat(length);
  const painted = hasColour && length > 0 ? paint(full, levelPaint(tenths(used, capacity))) : full;
  return `[${painted}${".".repeat(WIDTH - length)}] ${percent(used < capacity ? used : capacity, capacity).padStart(5)}`;
}

function barLength(used: bigint, capacity: bigint): number {
  if (used === 0n) return 0;
  if (used >= capacity) return WIDTH;
  return Math.min(WIDTH - 1, Math.max(1, Number((used * BigInt(WIDTH)) / capacity)));
}
