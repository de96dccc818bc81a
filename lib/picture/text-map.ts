// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import { glyphOf, legend, type PaintName, paint, paintOf } from "./glyph.ts";
import { type Group, type Layout, layOut, type Row } from "./layout.ts";
import { describeRest, describeScale, describeTotals } from "./map-words.ts";
import type { Screen } from "./screen.ts";
import { shortenNames } from "./short-names.ts";
import type { Subject } from "./subject.ts";

export type TextMapOptions = Screen & {
  /** Draw the network to its end, also where no node has anything. */
  readonly whole: boolean;
};

// Title, totals, scale, what follows, legend, and the prompt that comes after.
const LINES_AROUND = 6;
const FEWEST_LINES = 4;
const FEWEST_COLUMNS = 8;
const GUTTER_GAP = "  ";

/** The subject as lines of text that fit the screen; names in it are printable. */
export function drawText(subject: Subject, options: TextMapOptions): string {
  const { gutter, layout } = layOutWithGutter(subject, options);
  const colour = options.hasColour ? paint : (text: string) => text;
  const isSingle = layout.scale.cellSize === 1n;
  const names = shortLabels(layout);
  const indent = " ".repeat(gutter) + GUTTER_GAP;
  const body = layout.rows.flatMap((row) => [
    ...(row.isLabelled ? [indent + labelLine(row, names)] : []),
    `${addressCell(subject, row.first, gutter)}${cellLine(row, isSingle, colour)}`,
  ]);
  const keys = legend(isSingle).map(({ glyph, paint: name, text }) => `${colour(glyph, name)} ${text}`);
  const rest = describeRest(subject, layout.scale);
  return [
    subject.title,
    describeTotals(subject),
    describeScale(layout),
    ...body,
    ...(rest === undefined ? [] : [rest]),
    keys.join("   "),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** The addresses beside the rows take the room that they need, which depends on what the rows are. */
function layOutWithGutter(subject: Subject, options: TextMapOptions) {
  const lines = Math.max(FEWEST_LINES, options.lines - LINES_AROUND);
  let gutter = 0;
  for (;;) {
    const columns = Math.max(FEWEST_COLUMNS, options.columns - gutter - GUTTER_GAP.length);
    const layout = layOut(subject, { columns, lines, whole: options.whole });
    const addresses = layout.rows.map(({ first }) => formatAddress({ family: subject.family, value: first }));
    const widest = Math.max(...addresses.map(({ length }) => length));
    if (widest <= gutter) return { gutter, layout };
    gutter = widest;
  }
}

function addressCell({ family }: Subject, value: bigint, gutter: number): string {
  return formatAddress({ family, value }).padEnd(gutter) + GUTTER_GAP;
}

type Colour = (text: string, name: PaintName) => string;

/** Neighbours of one colour share its escape sequences. */
function cellLine({ groups }: Row, isSingle: boolean, colour: Colour): string {
  return groups.map((group) => groupText(group, isSingle, colour)).join(" ");
}

function groupText({ cells }: Group, isSingle: boolean, colour: Colour): string {
  const runs: { text: string; name: PaintName }[] = [];
  for (const cell of cells) {
    const name = paintOf(cell, isSingle);
    const run = runs.at(-1);
    if (run?.name === name) run.text += glyphOf(cell);
    else runs.push({ text: glyphOf(cell), name });
  }
  return runs.map(({ text, name }) => colour(text, name)).join("");
}

function shortLabels({ rows, groupCells }: Layout): Map<string, string> {
  const names = rows.flatMap((row) => row.groups.flatMap(({ label }) => label ?? []));
  return shortenNames(names, groupCells);
}

function labelLine({ groups }: Row, names: ReadonlyMap<string, string>): string {
  const labels = groups.map(({ label = "", cells }) => (names.get(label) ?? "").padEnd(cells.length));
  return labels.join(" ").trimEnd();
}
