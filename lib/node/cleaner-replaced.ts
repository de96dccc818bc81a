// SPDX-License-Identifier: Apache-2.0
import type { ReservationRecord } from "./call.ts";
import { ownerOf } from "./recovered-container.ts";

/**
 * Reservations that a newer container of the same pod has made useless: same pod UID, interface and network. kubelet starts
 * a pod's next sandbox only after it has given up the one before, whose DEL may have been lost. Which is newer is told by
 * the sequence alone: the clock of a node that just booted may be years behind, and the wrong one of two would go.
 */
export function findReplaced(records: readonly ReservationRecord[]): Set<ReservationRecord> {
  const newest = new Map<string, ReservationRecord>();
  const candidates = records.filter(
    ({ podUid, networkName, sequence }) => podUid !== "" && networkName !== "" && sequence !== undefined,
  );
  for (const record of candidates) {
    const key = placeKey(record);
    const known = newest.get(key);
    if (known === undefined || record.sequence! > known.sequence!) newest.set(key, record);
  }
  return new Set(
    candidates.filter((record) => {
      const other = newest.get(placeKey(record));
      // Of two addresses that a recovery has kept for one container either may be in use.
      return other !== undefined && ownerOf(other.containerId) !== ownerOf(record.containerId);
    }),
  );
}

function placeKey({ podUid, interfaceName, networkName }: ReservationRecord): string {
  return JSON.stringify([podUid, interfaceName, networkName]);
}
