// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import {
  GO_STORE_VERSION,
  type GoPool,
  type GoReservation,
  type GoStore,
  goEntryKey,
  goPoolKey,
} from "./go-store.ts";
import { fnv1a32 } from "./go-store-checksum.ts";

/** Characters that Go's json.Marshal escapes and JSON.stringify does not. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/**
 * The bytes that the Go daemon would write for the store. It reads a store, writes it again in memory and compares the
 * checksum, so every byte counts: the order of the fields, keys in the order of their bytes, no spaces, Go's escapes.
 * Throws an Error when two reservations would have one key.
 */
export function formatGoStore({ pools }: GoStore): Buffer {
  const body = formatPools(pools);
  return document(fnv1a32(document(0, body)), body);
}

/** What the checksum of a store is made from. */
export function formatForChecksum({ pools }: GoStore): Buffer {
  return document(0, formatPools(pools));
}

function document(checksum: number, pools: string): Buffer {
  return Buffer.from(`{"version":${GO_STORE_VERSION},"checksum":${checksum},"pools":${pools}}`);
}

function formatPools(pools: readonly GoPool[]): string {
  const members = pools.map((pool) => ({ key: goPoolKey(pool.ref), value: formatPool(pool) }));
  return formatMap(members, "the store");
}

function formatPool(pool: GoPool): string {
  const { lastReservedIp } = pool;
  const key = goPoolKey(pool.ref);
  const entries = pool.reservations.map((one) => ({ key: goEntryKey(one), value: formatReservation(one) }));
  return `{${[
    `"name":${formatText(key)}`,
    `"entries":${formatMap(entries, `pool ${key}`)}`,
    `"last_pool_config":${formatText(pool.lastPoolConfig)}`,
    `"last_reserved_ip":"${lastReservedIp === undefined ? "" : formatAddress(lastReservedIp)}"`,
  ].join()}}`;
}

function formatReservation(one: GoReservation): string {
  const metadata = [
    `"create_time":${formatText(one.createTime)}`,
    `"pod_uuid":${formatText(one.podUid)}`,
    `"pod_name":${formatText(one.podName)}`,
    `"pod_namespace":${formatText(one.podNamespace)}`,
    `"device_id":${formatText(one.deviceId)}`,
    `"pool_config_snapshot":${formatText(one.poolConfigSnapshot)}`,
  ];
  return `{${[
    `"container_id":${formatText(one.containerId)}`,
    `"interface_name":${formatText(one.interfaceName)}`,
    `"ip_address":"${formatAddress(one.address)}"`,
    `"metadata":{${metadata.join()}}`,
  ].join()}}`;
}

/** Go writes the keys of a map in the order of their UTF-8 bytes, which JavaScript's own order is not. */
function formatMap(members: readonly { readonly key: string; readonly value: string }[], of: string): string {
  const sorted = members
    .map(({ key, value }) => ({ key, value, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  for (const [i, { key }] of sorted.entries()) {
    if (i > 0 && key === sorted[i - 1]!.key)
      throw new Error(`${of} has ${JSON.stringify(key)} twice, and a Go daemon can hold only one of them`);
  }
  return `{${sorted.map(({ key, value }) => `${formatText(key)}:${value}`).join()}}`;
}

function formatText(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    ESCAPED,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
