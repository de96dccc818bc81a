// SPDX-License-Identifier: Apache-2.0
// The b-trees of a database with holes (sqlite.org/fileformat2.html, sections 1.6 and 2): each page is looked at for itself,
// and one that makes no sense costs what is on it and nothing else.
import type { Pages } from "./recover-pages.ts";
import { decodeRecord, readVarint, type Value } from "./recover-record.ts";

/** A row of a table with row numbers, or an entry of an index (as which tables WITHOUT ROWID are stored too). */
export type Row = { readonly rowid?: number; readonly values: readonly Value[] };

type Kind = "index" | "table";
type Page = { readonly kind: Kind; readonly rows: readonly Row[]; readonly children: readonly number[] };

const KINDS: Readonly<Record<number, { readonly kind: Kind; readonly leaf: boolean }>> = {
  2: { kind: "index", leaf: false },
  5: { kind: "table", leaf: false },
  10: { kind: "index", leaf: true },
  13: { kind: "table", leaf: true },
};

/** Every row that can be read below `root`, and the pages that belong to the tree. */
export function readTree(pages: Pages, root: number): { rows: Row[]; visited: ReadonlySet<number> } {
  const visited = new Set<number>();
  const rows: Row[] = [];
  const waiting = [root];
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    if (visited.has(number)) continue;
    visited.add(number);
    const page = readPage(pages, number);
    if (page === undefined) continue;
    rows.push(...page.rows);
    waiting.push(...page.children);
  }
  return { rows, visited };
}

/** The rows of a page that no tree leads to; undefined when it is no page of a tree. */
export function readPage(pages: Pages, number: number): Page | undefined {
  const bytes = pages.find(number);
  if (bytes === undefined) return undefined;
  const start = number === 1 ? 100 : 0;
  const form = KINDS[bytes[start]!];
  if (form === undefined) return undefined;
  const header = start + (form.leaf ? 8 : 12);
  const count = bytes.readUInt16BE(start + 3);
  if (header + 2 * count > bytes.length) return undefined;
  const rows: Row[] = [];
  const children = form.leaf ? [] : [bytes.readUInt32BE(start + 8)];
  for (let i = 0; i < count; i++) {
    const at = bytes.readUInt16BE(header + 2 * i);
    if (at < header || at + 4 > bytes.length) continue;
    if (!form.leaf) children.push(bytes.readUInt32BE(at));
    if (!form.leaf && form.kind === "table") continue; // only numbers that lead the way
    const row = readCell(pages, bytes, { at: form.leaf ? at : at + 4, kind: form.kind });
    if (row !== undefined) rows.push(row);
  }
  return { kind: form.kind, rows, children: children.filter((child) => child > 1 && child <= pages.count) };
}

function readCell(pages: Pages, bytes: Buffer, { at, kind }: { at: number; kind: Kind }): Row | undefined {
  const length = readVarint(bytes, at);
  if (length === undefined || length.value < 1) return undefined;
  const rowid = kind === "table" ? readVarint(bytes, length.end) : undefined;
  if (kind === "table" && rowid === undefined) return undefined;
  const start = rowid?.end ?? length.end;
  const local = localBytes(length.value, pages.size, kind);
  const own = bytes.subarray(start, start + local);
  if (own.length < local) return undefined;
  const payload =
    local === length.value
      ? own
      : withOverflow(pages, own, { page: bytes, at: start + local, length: length.value });
  const values = payload && decodeRecord(payload);
  return values && { ...(rowid && { rowid: rowid.value }), values };
}

/** How much of a record lies on its page; the rest is on pages of its own. */
function localBytes(length: number, size: number, kind: Kind): number {
  const most = kind === "table" ? size - 35 : Math.floor(((size - 12) * 64) / 255) - 23;
  if (length <= most) return length;
  const least = Math.floor(((size - 12) * 32) / 255) - 23;
  const local = least + ((length - least) % (size - 4));
  return local <= most ? local : least;
}

function withOverflow(
  pages: Pages,
  own: Buffer,
  { page, at, length }: { page: Buffer; at: number; length: number },
): Buffer | undefined {
  if (at + 4 > page.length || length > pages.count * pages.size) return undefined;
  const parts = [own];
  let missing = length - own.length;
  for (let next = page.readUInt32BE(at); missing > 0; ) {
    const more = pages.find(next);
    if (more === undefined) return undefined;
    parts.push(more.subarray(4, 4 + missing));
    missing -= more.length - 4;
    next = more.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** Pages that are free: what lies on them was released. As far as the list can be followed. */
export function readFreePages(pages: Pages): ReadonlySet<number> {
  const free = new Set<number>();
  for (let trunk = pages.find(1)?.readUInt32BE(32) ?? 0; trunk > 0 && !free.has(trunk); ) {
    const page = pages.find(trunk);
    if (page === undefined) break;
    free.add(trunk);
    const count = Math.min(page.readUInt32BE(4), page.length / 4 - 2);
    for (let i = 0; i < count; i++) free.add(page.readUInt32BE(8 + 4 * i));
    trunk = page.readUInt32BE(0);
  }
  return free;
}
