// SPDX-License-Identifier: Apache-2.0
// What a damaged store still says. Rows are known by their shape, so that those of a page that no tree leads to count too.
import { type Address, addressFromBytes } from "../ip/address.ts";
import type { PoolRef } from "../pool/pool.ts";
import type { Attachment, Metadata } from "./call.ts";
import type { Pages } from "./recover-pages.ts";
import type { Value } from "./recover-record.ts";
import { type Row, readFreePages, readPage, readTree } from "./recover-tree.ts";

/** What no other source knows; null where the store did not either. */
export type StoredExtras = {
  readonly requested: boolean | null;
  readonly goCreateTime: string | null;
  readonly goSnapshot: string | null;
  readonly sequence: number | null;
};

/**
 * `details`: absent when only the entry of the second index was found. `isStray`: from a page that no tree leads to; it may
 * have been released already.
 */
export type SalvagedRow = Attachment & {
  readonly poolId: number;
  readonly address: Address;
  readonly isStray: boolean;
  readonly details?: Metadata & StoredExtras & { readonly createdAtMs: number };
};

export type SalvagedPool = {
  readonly ref: PoolRef;
  readonly lastAddress?: Address;
  readonly share?: string;
  /** Whether the pool's own row was read, not only that of an index. */
  readonly isWhole: boolean;
};

export type Salvage = {
  readonly pools: ReadonlyMap<number, SalvagedPool>;
  readonly rows: readonly SalvagedRow[];
  /** Whose the store was; absent where it does not say. */
  readonly nodeName?: string;
};

/** Everything that can be read, each reservation once for each place it was found in. */
export function salvage(pages: Pages): Salvage {
  const roots = findRoots(pages);
  const seen = new Set<number>(readFreePages(pages));
  const found: { row: Row; isStray: boolean }[] = [];
  for (const root of roots) {
    const { rows, visited } = readTree(pages, root);
    for (const row of rows) found.push({ row, isStray: false });
    for (const number of visited) seen.add(number);
  }
  for (let number = 1; number <= pages.count; number++) {
    if (seen.has(number)) continue;
    for (const row of readPage(pages, number)?.rows ?? []) found.push({ row, isStray: true });
  }
  const pools = new Map<number, SalvagedPool>();
  const rows: SalvagedRow[] = [];
  const nodeName = found.map(({ row, isStray }) => (isStray ? undefined : readNodeName(row))).find(Boolean);
  for (const { row, isStray } of found) {
    const reservation = readReservation(row.values, isStray) ?? readIndexEntry(row.values, isStray);
    if (reservation !== undefined) rows.push(reservation);
    else addPool(pools, row);
  }
  return { pools, rows, ...(nodeName !== undefined && { nodeName }) };
}

/** The row of the table meta is the only one of two numbers and a text. */
function readNodeName({ rowid, values: [schema, oldest, name, ...more] }: Row): string | undefined {
  const isMeta = rowid !== undefined && typeof schema === "bigint" && typeof oldest === "bigint";
  return isMeta && typeof name === "string" && more.length === 0 ? name : undefined;
}

/** Where the trees of the schema's tables and indexes begin. */
function findRoots(pages: Pages): number[] {
  return readTree(pages, 1)
    .rows.map(({ values }) => ({ kind: values[0], root: Number(values[3]) }))
    .filter(({ kind, root }) => (kind === "table" || kind === "index") && root > 1 && root <= pages.count)
    .map(({ root }) => root);
}

/** Columns of a table WITHOUT ROWID: those of the primary key first, then the others in their order. */
function readReservation(values: readonly Value[], isStray: boolean): SalvagedRow | undefined {
  const [pool, address, ...rest] = values;
  const texts = rest.slice(0, 7);
  const created = rest[8];
  if (rest.length < 11 || !isPoolId(pool) || !isAddress(address)) return undefined;
  if (!texts.every((text) => typeof text === "string") || typeof created !== "bigint") return undefined;
  const [containerId, interfaceName, podName, podNamespace, podUid, deviceId, networkName] =
    texts as string[];
  return {
    poolId: Number(pool),
    address: addressFromBytes(address),
    isStray,
    containerId: containerId!,
    interfaceName: interfaceName!,
    details: {
      podName: podName!,
      podNamespace: podNamespace!,
      podUid: podUid!,
      deviceId: deviceId!,
      networkName: networkName!,
      createdAtMs: Number(created),
      requested: typeof rest[7] === "bigint" ? rest[7] === 1n : null,
      goCreateTime: textOf(rest[9]),
      goSnapshot: textOf(rest[10]),
      sequence: typeof rest[11] === "bigint" ? Number(rest[11]) : null,
    },
  };
}

function readIndexEntry(values: readonly Value[], isStray: boolean): SalvagedRow | undefined {
  const [pool, containerId, interfaceName, address] = values;
  if (values.length !== 4 || !isPoolId(pool) || !isAddress(address)) return undefined;
  if (typeof containerId !== "string" || typeof interfaceName !== "string") return undefined;
  return { poolId: Number(pool), address: addressFromBytes(address), isStray, containerId, interfaceName };
}

/** A pool's row (its number is the row's), or the entry of the index over type and name. */
function addPool(pools: Map<number, SalvagedPool>, { rowid, values }: Row): void {
  const own = rowid !== undefined && values.length >= 5;
  const [type, name, last, share] = own ? values.slice(1) : values;
  const id = own ? rowid : Number(last);
  if ((type !== "ippool" && type !== "cidrpool") || typeof name !== "string" || !Number.isInteger(id)) return;
  if (!own && (values.length !== 3 || pools.has(id))) return;
  pools.set(id, {
    ref: { type, name },
    isWhole: own,
    ...(own && isAddress(last) && { lastAddress: addressFromBytes(last) }),
    ...(own && typeof share === "string" && { share }),
  });
}

function isPoolId(value: Value | undefined): value is bigint {
  return typeof value === "bigint" && value > 0n;
}

function isAddress(value: Value | undefined): value is Uint8Array {
  return value instanceof Uint8Array && (value.length === 4 || value.length === 16);
}

function textOf(value: Value | undefined): string | null {
  return typeof value === "string" ? value : null;
}
