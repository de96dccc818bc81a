// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { addressFromBytes, addressToBytes } from "../ip/address.ts";
import type { PoolType } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import type { Calls, ReservationFilter, ReservationRecord } from "./call.ts";

export type PageRequest = Calls["listReservations"]["request"];
export type Page = Calls["listReservations"]["answer"];

type Row = Record<string, SQLOutputValue>;
type Condition = { readonly sql: string; readonly values: readonly SQLInputValue[] };

/** Letters have up to 3 bytes: with long texts a page ends before it outgrows the 4 MiB of a gRPC answer. */
const PAGE_LETTERS = 1_200_000;

const COLUMNS = `p.type, p.name, r.address, r.container_id, r.interface_name, r.pod_name, r.pod_namespace, r.pod_uid,
  r.device_id, r.network_name, r.created_at_ms, r.sequence`;

/** Reservations ordered by pool type, pool name, address. Rejects a token that is none of its own with InvalidArgument. */
export function readPage(db: DatabaseSync, { filter, limit, after }: PageRequest): Page {
  const conditions = [...conditionsOf(filter), ...(after === undefined ? [] : [behind(after)])];
  const where = conditions.map(({ sql }) => sql).join(" AND ") || "TRUE";
  const rows = db
    .prepare(
      `SELECT ${COLUMNS} FROM pools p JOIN reservations r ON r.pool = p.id WHERE ${where}
       ORDER BY p.type, p.name, r.address LIMIT ?`,
    )
    .iterate(...conditions.flatMap(({ values }) => values), limit + 1);
  const reservations: ReservationRecord[] = [];
  let room = PAGE_LETTERS;
  let last: Row | undefined;
  for (const row of rows) {
    if (last !== undefined && (reservations.length === limit || room < 0))
      return { reservations, next: tokenOf(last) };
    reservations.push(recordOf(row));
    last = row;
    for (const value of Object.values(row)) room -= typeof value === "string" ? value.length : 0;
  }
  return { reservations };
}

function conditionsOf(filter: ReservationFilter): Condition[] {
  const equal = (column: string, value: string | undefined): Condition[] =>
    value === undefined ? [] : [{ sql: `${column} = ?`, values: [value] }];
  return [
    ...equal("p.type", filter.pool?.type),
    ...equal("p.name", filter.pool?.name ?? filter.poolName),
    ...equal("r.container_id", filter.containerId),
    ...equal("r.pod_name", filter.podName),
    ...equal("r.pod_namespace", filter.podNamespace),
    ...equal("r.network_name", filter.networkName),
    ...(filter.address === undefined
      ? []
      : [{ sql: "r.address = ?", values: [addressToBytes(filter.address)] }]),
  ];
}

function tokenOf(row: Row): string {
  const place = [row.type, row.name, Buffer.from(row.address as Uint8Array).toString("hex")];
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function behind(token: string): Condition {
  const place = placeOf(token);
  if (place === undefined) {
    throw new RpcError(Code.InvalidArgument, "page_token is invalid: use next_page_token of the page before");
  }
  const [type, name, address] = place;
  return {
    sql: "(p.type, p.name, r.address) > (?, ?, ?)",
    values: [type, name, Buffer.from(address, "hex")],
  };
}

function placeOf(token: string): readonly [string, string, string] | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (!Array.isArray(place) || place.length !== 3) return undefined;
    const [type, name, address] = place.map(String);
    return [type!, name!, address!];
  } catch {
    return undefined;
  }
}

function recordOf(row: Row): ReservationRecord {
  return {
    pool: { type: row.type as PoolType, name: String(row.name) },
    address: addressFromBytes(row.address as Uint8Array),
    containerId: String(row.container_id),
    interfaceName: String(row.interface_name),
    podName: String(row.pod_name),
    podNamespace: String(row.pod_namespace),
    podUid: String(row.pod_uid),
    deviceId: String(row.device_id),
    networkName: String(row.network_name),
    createdAtMs: Number(row.created_at_ms),
    ...(row.sequence !== null && { sequence: Number(row.sequence) }),
  };
}
