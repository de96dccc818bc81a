// SPDX-License-Identifier: Apache-2.0
import type { PoolStatus } from "./pool-status.ts";

/** etcd refuses requests above 1.5 MiB (--max-request-bytes). */
const ETCD_REQUEST_BYTES = 1_572_864;

// What the object has in etcd and not here: managedFields of a few writers, the key, the request around it.
const RESERVE_BYTES = 16_384;
const NEARLY_FULL = 0.8;

export type StatusSize = {
  /** "full": it cannot be written. */
  readonly state: "fits" | "nearly full" | "full";
  readonly nodes: number;
  /** About how many nodes the status has room for, by the size of the entries it has. */
  readonly mostNodes: number;
};

/** How much of what etcd takes a pool needs with this status. `otherBytes`: the rest of the object as JSON. */
export function measureStatus(
  otherBytes: number,
  status: PoolStatus,
  limitBytes: number = ETCD_REQUEST_BYTES,
): StatusSize {
  const nodes = status.allocations.length;
  const entryBytes = byteLength(status.allocations);
  const restBytes = otherBytes + byteLength({ ...status, allocations: [] }) + RESERVE_BYTES;
  const roomBytes = Math.max(0, limitBytes - restBytes);
  const mostNodes = nodes === 0 ? 0 : Math.floor((roomBytes * nodes) / entryBytes);
  const state =
    entryBytes > roomBytes ? "full" : entryBytes > roomBytes * NEARLY_FULL ? "nearly full" : "fits";
  return { state, nodes, mostNodes };
}

function byteLength(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
