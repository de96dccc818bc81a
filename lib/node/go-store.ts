// SPDX-License-Identifier: Apache-2.0
// What the Go daemon keeps in its store file: one JSON document, written anew with each reservation. Reading is in
// go-store-read.ts, writing in go-store-write.ts.
import type { Address } from "../ip/address.ts";
import type { PoolRef } from "../pool/pool.ts";

/** The only layout that there has been. */
export const GO_STORE_VERSION = 1;

export type GoReservation = {
  readonly containerId: string;
  readonly interfaceName: string;
  readonly address: Address;
  /** RFC 3339 with up to nine digits of a second; the Go daemon never reads it, so it may be any text. */
  readonly createTime: string;
  readonly podUid: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly deviceId: string;
  /** The pool's configuration on this node at the time, as JSON; the Go daemon never reads it. */
  readonly poolConfigSnapshot: string;
};

export type GoPool = {
  readonly ref: PoolRef;
  readonly reservations: readonly GoReservation[];
  /** The snapshot of the reservation made last; "" before the first. */
  readonly lastPoolConfig: string;
  /** The round-robin position; absent before the first address that was chosen. */
  readonly lastReservedIp?: Address;
};

export type GoStore = { readonly pools: readonly GoPool[] };

const CIDR_POOL_PREFIX = "cidrpool/";

/** The name under which the Go daemon keeps a pool: of an IPPool its own. */
export function goPoolKey({ type, name }: PoolRef): string {
  return type === "cidrpool" ? `${CIDR_POOL_PREFIX}${name}` : name;
}

/** The reverse of goPoolKey; undefined when no name is left. */
export function parseGoPoolKey(key: string): PoolRef | undefined {
  const isCidrPool = key.startsWith(CIDR_POOL_PREFIX);
  const name = isCidrPool ? key.slice(CIDR_POOL_PREFIX.length) : key;
  return name === "" ? undefined : { type: isCidrPool ? "cidrpool" : "ippool", name };
}

/** The name under which the Go daemon keeps a reservation in its pool. */
export function goEntryKey({
  containerId,
  interfaceName,
}: {
  readonly containerId: string;
  readonly interfaceName: string;
}): string {
  return `${containerId}_${interfaceName}`;
}

export function countReservations({ pools }: GoStore): number {
  return pools.reduce((count, { reservations }) => count + reservations.length, 0);
}
