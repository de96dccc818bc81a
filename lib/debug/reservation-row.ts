// SPDX-License-Identifier: Apache-2.0
import type { PoolType } from "../pool/pool.ts";
import type { Reservation } from "../rpc/messages.ts";
import { formatAge } from "./age.ts";
import { poolTypeName } from "./pool-type.ts";
import { shortenId } from "./query.ts";

/** A reservation in JSON output: a contract with scripts. What is not known is "". */
export type ReservationRow = {
  readonly pool: string;
  readonly poolType: PoolType;
  readonly address: string;
  readonly containerId: string;
  readonly interface: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly network: string;
  readonly deviceId: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
};

export const RESERVATION_HEADERS: readonly string[] = [
  "POOL",
  "TYPE",
  "ADDRESS",
  "CONTAINER",
  "INTERFACE",
  "POD",
  "NETWORK",
  "DEVICE",
  "AGE",
];

/** The last moment that a Date can hold. */
const LATEST_MS = 8.64e15;

export function reservationRow(reservation: Reservation): ReservationRow {
  const { metadata, createdAtMs } = reservation;
  const isDated = createdAtMs > 0 && createdAtMs <= LATEST_MS;
  return {
    pool: reservation.pool,
    poolType: poolTypeName(reservation.poolType),
    address: reservation.address,
    containerId: reservation.cniContainerid,
    interface: reservation.cniIfname,
    podNamespace: metadata?.k8sPodNamespace ?? "",
    podName: metadata?.k8sPodName ?? "",
    podUid: metadata?.k8sPodUid ?? "",
    network: metadata?.networkName ?? "",
    deviceId: metadata?.deviceId ?? "",
    createdAt: isDated ? new Date(createdAtMs).toISOString() : "",
  };
}

export type CellOptions = {
  /** What ages are counted to, milliseconds since the epoch. */
  readonly nowMs: number;
  /** Long container IDs by their beginning: for eyes, not for scripts. */
  readonly shortIds: boolean;
};

/** The cells under RESERVATION_HEADERS. */
export function reservationCells(reservation: Reservation, { nowMs, shortIds }: CellOptions): string[] {
  const row = reservationRow(reservation);
  return [
    row.pool,
    row.poolType,
    row.address,
    shortIds ? shortenId(row.containerId) : row.containerId,
    row.interface,
    row.podNamespace === "" ? row.podName : `${row.podNamespace}/${row.podName}`,
    row.network,
    row.deviceId,
    row.createdAt === "" ? "" : formatAge(nowMs - reservation.createdAtMs),
  ];
}
