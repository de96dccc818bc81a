// SPDX-License-Identifier: Apache-2.0
import { compareAddresses } from "../ip/address.ts";
import { type Candidate, holderKey, type Unplaced } from "./recover-candidates.ts";

/**
 * The rows without a pool that no other source has placed: `placed` is what all sources say where the pool is known. A
 * reservation is in the table and in an index, and counts once.
 */
export function listLeftOut(rows: readonly Unplaced[], placed: readonly Candidate[]): Unplaced[] {
  const known = new Set(placed.map(holderKey));
  const byHolder = new Map<string, Unplaced>();
  for (const row of rows) {
    const key = holderKey(row);
    if (known.has(key)) continue;
    if (!byHolder.has(key) || row.source === "store") byHolder.set(key, row); // an index has no pod
  }
  return [...byHolder.values()].sort((a, b) => compareAddresses(a.address, b.address));
}
