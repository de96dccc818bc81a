// SPDX-License-Identifier: Apache-2.0
import type { Cell, CellState } from "./cells.ts";

/** One character for each thing a cell can be: the map can be read without colour. */
const GLYPHS: Readonly<Record<CellState, string>> = {
  gateway: "G",
  used: "#",
  free: ".",
  excluded: "x",
  unassigned: "-",
};

const FULL = 10;

/** "1" to "9": so many tenths of the cell are used; "#": all of it. */
export function glyphOf({ state, fill }: Cell): string {
  return state === "used" && fill < FULL ? String(fill) : GLYPHS[state];
}

// The sixteen colours that every terminal has, and the user's theme keeps readable.
const PAINTS = {
  gateway: "1;35",
  low: "36",
  high: "33",
  full: "1;31",
  free: "32",
  excluded: "34",
  unassigned: "90",
} as const;

export type PaintName = keyof typeof PAINTS;

const HIGH_FROM = 7;
const NEARLY_FULL = 9;

/** `isSingle`: the cell is one address, which is used or not and never filling up. */
export function paintOf({ state, fill }: Cell, isSingle: boolean): PaintName {
  if (state !== "used") return state;
  if (isSingle) return "high";
  return levelPaint(fill);
}

/** Of a fill level in tenths, 1 to 10. */
export function levelPaint(fill: number): PaintName {
  return fill >= NEARLY_FULL ? "full" : fill >= HIGH_FROM ? "high" : "low";
}

/** The text in a terminal's colour. */
export function paint(text: string, name: PaintName): string {
  return `\u001b[${PAINTS[name]}m${text}\u001b[0m`;
}

/** What stands beside the glyphs in a legend, in the order of the glyphs. */
export function legend(isSingle: boolean): readonly { glyph: string; paint: PaintName; text: string }[] {
  const used = isSingle
    ? [{ glyph: "#", paint: "high", text: "used" } as const]
    : [
        { glyph: "1-9", paint: "low", text: "tenths used" } as const,
        { glyph: "#", paint: "full", text: "all used" } as const,
      ];
  return [
    ...used,
    { glyph: ".", paint: "free", text: "free" },
    { glyph: "x", paint: "excluded", text: "excluded" },
    { glyph: "G", paint: "gateway", text: "gateway" },
    { glyph: "-", paint: "unassigned", text: "no node's" },
  ];
}
