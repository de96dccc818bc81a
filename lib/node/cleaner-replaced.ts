// SPDX-License-Identifier: Apache-2.0
import type { ReservationRecord } from "./call.ts";
import { ownerOf } from "./recovered-container.ts";

/**
 * Which reservations a newer container of the same pod has made useless: same pod UID, interface and network. kubelet starts
 * a pod's next sandbox only after it has given up the one before, whose DEL may have been lost. Which is newer is told by
 * the sequence alone: the clock of a node that just booted may be years behind, and the wrong one of two would go.
 */
export class NewestContainers {
  readonly #newest = new Map<string, { readonly owner: string; readonly sequence: number }>();

  /** Every reservation is to be seen before the first is asked for; one that was made since has replaced nothing. */
  see(record: ReservationRecord): void {
    const { containerId, sequence } = record;
    if (!isComparable(record) || sequence === undefined) return;
    const key = placeKey(record);
    const known = this.#newest.get(key);
    if (known === undefined || sequence > known.sequence)
      this.#newest.set(key, { owner: ownerOf(containerId), sequence });
  }

  haveReplaced(record: ReservationRecord): boolean {
    const { containerId, sequence } = record;
    if (!isComparable(record) || sequence === undefined) return false;
    const newest = this.#newest.get(placeKey(record));
    // Of two addresses that a recovery has kept for one container either may be in use.
    return newest !== undefined && newest.sequence > sequence && newest.owner !== ownerOf(containerId);
  }
}

function isComparable({ podUid, networkName }: ReservationRecord): boolean {
  return podUid !== "" && networkName !== "";
}

function placeKey({ podUid, interfaceName, networkName }: ReservationRecord): string {
  return JSON.stringify([podUid, interfaceName, networkName]);
}
