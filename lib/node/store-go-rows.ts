// SPDX-License-Identifier: Apache-2.0
// The content of a store as the Go daemon would keep it, and back.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { addressFromBytes, addressToBytes } from "../ip/address.ts";
import type { PoolType } from "../pool/pool.ts";
import { type GoPool, type GoReservation, type GoStore, goEntryKey, goPoolKey } from "./go-store.ts";
import { formatGoTime, goTimeToMs, parseGoTime } from "./go-store-time.ts";

type Row = Record<string, SQLOutputValue>;

/** Puts everything into an empty store, in one transaction. */
export function insertGoStore(db: DatabaseSync, { pools }: GoStore): void {
  db.exec("BEGIN");
  const addPool = db.prepare(
    "INSERT INTO pools (type, name, last_address, go_last_pool_config) VALUES (?, ?, ?, ?)",
  );
  const reserve = prepareReserve(db);
  const placed = pools.flatMap(({ ref, lastReservedIp, lastPoolConfig, reservations }) => {
    const last = lastReservedIp === undefined ? null : addressToBytes(lastReservedIp);
    const poolId = Number(addPool.run(ref.type, ref.name, last, lastPoolConfig).lastInsertRowid);
    return reservations.map((reservation) => ({
      poolId,
      reservation,
      nanoseconds: parseGoTime(reservation.createTime) ?? 0n,
      key: `${goPoolKey(ref)} ${goEntryKey(reservation)}`,
    }));
  });
  placed.sort((a, b) => compare(a.nanoseconds, b.nanoseconds) || compare(a.key, b.key));
  for (const [i, { poolId, reservation }] of placed.entries()) reserve(poolId, reservation, i + 1);
  db.exec("COMMIT");
}

function prepareReserve(db: DatabaseSync) {
  // Which address was asked for by its caller, and for which network, a Go daemon does not record.
  const statement = db.prepare(
    `INSERT INTO reservations (pool, address, container_id, interface_name, pod_name, pod_namespace, pod_uid, device_id,
       network_name, created_at_ms, sequence, go_create_time, go_pool_config_snapshot)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`,
  );
  return (poolId: number, reservation: GoReservation, sequence: number) =>
    statement.run(
      poolId,
      addressToBytes(reservation.address),
      reservation.containerId,
      reservation.interfaceName,
      reservation.podName,
      reservation.podNamespace,
      reservation.podUid,
      reservation.deviceId,
      goTimeToMs(reservation.createTime),
      sequence,
      reservation.createTime,
      reservation.poolConfigSnapshot,
    );
}

/**
 * What a Go daemon has to know to go on from here. What was imported from one comes out as it came in; a reservation that
 * was made here gets its pool's present configuration as its snapshot.
 */
export function readGoStore(db: DatabaseSync): GoStore {
  const reservations = Map.groupBy(db.prepare("SELECT * FROM reservations").all(), ({ pool }) =>
    Number(pool),
  );
  const pools = db.prepare("SELECT * FROM pools").all();
  return { pools: pools.flatMap((pool) => readPool(pool, reservations.get(Number(pool.id)) ?? [])) };
}

/** Nothing for a pool that has a share and was never used: a Go daemon has no entry of such. */
function readPool(pool: Row, rows: readonly Row[]): GoPool[] {
  const { type, name, last_address: last, share, go_last_pool_config: imported } = pool;
  if (imported === null && last === null && rows.length === 0) return [];
  const current = textOf(share) ?? textOf(imported) ?? "";
  const isUsedSince = rows.some((row) => row.go_create_time === null);
  return [
    {
      ref: { type: type as PoolType, name: String(name) },
      reservations: rows.map((row) => readReservation(row, current)),
      lastPoolConfig: isUsedSince ? current : (textOf(imported) ?? current),
      ...(last instanceof Uint8Array && { lastReservedIp: addressFromBytes(last) }),
    },
  ];
}

function readReservation(row: Row, config: string): GoReservation {
  return {
    containerId: String(row.container_id),
    interfaceName: String(row.interface_name),
    address: addressFromBytes(row.address as Uint8Array),
    createTime: textOf(row.go_create_time) ?? formatGoTime(Number(row.created_at_ms)),
    podUid: String(row.pod_uid),
    podName: String(row.pod_name),
    podNamespace: String(row.pod_namespace),
    deviceId: String(row.device_id),
    poolConfigSnapshot: textOf(row.go_pool_config_snapshot) ?? config,
  };
}

/** undefined for NULL. */
function textOf(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
