// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import type { Cell } from "./cells.ts";
import { type Group, layOut, type Row } from "./layout.ts";
import { describeRest, describeScale, describeTotals } from "./map-words.ts";
import { shortenNames } from "./short-names.ts";
import type { Subject } from "./subject.ts";
import { legendOf, STYLE } from "./svg-style.ts";

const COLUMNS = 96;
const LINES = 96;
const CELL = 10;
const ROW = 12;
const LABEL = 18;
const MARGIN = 16;
const HEAD = 84;
const LETTER = 6.7;
const HEAD_LETTER = 9.1;

/** A document with its size in pixels. */
export type SvgMap = { readonly text: string; readonly width: number; readonly height: number };

/** The subject as an SVG document of its own: no script, no font, nothing from outside; every cell says what it is. */
export function drawSvg(subject: Subject, { whole = false } = {}): SvgMap {
  const layout = layOut(subject, { columns: COLUMNS, lines: LINES, whole });
  const gutter = Math.ceil(widestAddress(subject, layout.rows) * LETTER) + MARGIN;
  const names = layout.rows.flatMap(({ groups }) => groups.flatMap(({ label }) => label ?? []));
  const labels = shortenNames(names, Math.floor((layout.groupCells * CELL) / LETTER));
  let y = HEAD;
  const body = layout.rows.map((row) => {
    if (row.isLabelled) y += LABEL;
    const text = drawRow(row, { x: MARGIN + gutter, y, subject, labels });
    y += ROW;
    return text;
  });
  const rest = describeRest(subject, layout.scale);
  const scale = describeScale(layout);
  const legend = drawLegend(layout.scale.cellSize === 1n);
  const widest = Math.max(...layout.rows.map(rowWidth));
  const words = Math.ceil(LETTER * (describeTotals(subject).length + 2 + scale.length));
  const width =
    MARGIN * 2 +
    Math.max(gutter + widest, words, Math.ceil(subject.title.length * HEAD_LETTER), legend.width);
  const height = y + MARGIN * 2;
  const text = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(subject.title)}</title>`,
    `<desc>${escapeXml(describeTotals(subject))}</desc>`,
    STYLE,
    `<rect class="paper" width="100%" height="100%"/>`,
    `<text class="head" x="${MARGIN}" y="24">${escapeXml(subject.title)}</text>`,
    `<text x="${MARGIN}" y="42">${escapeXml(`${describeTotals(subject)}; ${scale}`)}</text>`,
    legend.text,
    ...body,
    ...(rest === undefined ? [] : [`<text x="${MARGIN}" y="${y + MARGIN}">${escapeXml(rest)}</text>`]),
    "</svg>\n",
  ].join("\n");
  return { text, width, height };
}

type RowPlace = {
  readonly x: number;
  readonly y: number;
  readonly subject: Subject;
  readonly labels: ReadonlyMap<string, string>;
};

function drawRow({ first, groups, isLabelled }: Row, place: RowPlace): string {
  const { x, y, subject, labels } = place;
  const parts = [`<text x="${MARGIN}" y="${y + CELL - 1}">${addressText(subject, first)}</text>`];
  let at = x;
  for (const group of groups) {
    const name = isLabelled && group.label !== undefined ? labels.get(group.label) : undefined;
    if (name !== undefined) parts.push(`<text class="node" x="${at}" y="${y - 3}">${escapeXml(name)}</text>`);
    parts.push(drawGroup(group, { ...place, x: at }));
    at += (group.cells.length + 1) * CELL;
  }
  return parts.join("\n");
}

function drawGroup({ cells }: Group, { x, y, subject }: RowPlace): string {
  const rects = cells.map((cell, i) => {
    const title = `<title>${escapeXml(describeCell(cell, subject))}</title>`;
    return `<rect class="${classOf(cell)}" x="${x + i * CELL}" y="${y}" width="${CELL - 1}" height="${CELL}">${title}</rect>`;
  });
  return `<g class="block">${rects.join("")}</g>`;
}

/** "cell used l7": what it is, and how full in tenths. */
function classOf({ state, fill }: Cell): string {
  return state === "used" ? `cell used l${fill}` : `cell ${state}`;
}

const SHOWN_OWNERS = 3;

function describeCell({ first, last, state, owners, used, capacity }: Cell, subject: Subject): string {
  const range =
    first === last
      ? addressText(subject, first)
      : `${addressText(subject, first)} to ${addressText(subject, last)}`;
  const more = owners.length > SHOWN_OWNERS ? ` and ${owners.length - SHOWN_OWNERS} more` : "";
  const whose = owners.length === 0 ? "" : `, ${owners.slice(0, SHOWN_OWNERS).join(", ")}${more}`;
  if (state === "unassigned") return `${range}: no node's`;
  if (first === last) return `${range}: ${state}${whose}`;
  return `${range}: ${used} of ${capacity} used${state === "gateway" ? ", with the gateway" : ""}${whose}`;
}

function rowWidth({ groups }: Row): number {
  return groups.reduce((sum, { cells }) => sum + (cells.length + 1) * CELL, -CELL);
}

function drawLegend(isSingle: boolean): { readonly text: string; readonly width: number } {
  let x = MARGIN;
  const parts = legendOf(isSingle).map(([name, text]) => {
    const part = `<rect class="cell ${name}" x="${x}" y="54" width="${CELL - 1}" height="${CELL}"/><text x="${x + CELL + 4}" y="63">${text}</text>`;
    x += CELL + 24 + text.length * LETTER;
    return part;
  });
  return { text: `<g class="legend">${parts.join("")}</g>`, width: Math.ceil(x) - MARGIN };
}

function widestAddress(subject: Subject, rows: readonly Row[]): number {
  return Math.max(...rows.map(({ first }) => addressText(subject, first).length));
}

function addressText({ family }: Subject, value: bigint): string {
  return formatAddress({ family, value });
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 has no room for control characters, not even escaped. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}
