// SPDX-License-Identifier: Apache-2.0
// Whether a status must be written. The definitions of the Go controller drop the fields that are ours alone, so those
// and the allocations are compared separately.
import { isDeepStrictEqual } from "node:util";
import { isObject } from "../pool/fields.ts";
import type { PoolStatus } from "./pool-status.ts";

const OWN_FIELDS = [
  "conditions",
  "observedGeneration",
  "allocatedNodes",
  "freeBlocks",
  "releasedBlocks",
] as const;
export type OwnField = (typeof OWN_FIELDS)[number];

type RawStatus = Readonly<Record<string, unknown>>;

/** Whether `stored` is something else than `next`; of the fields in `dropped` nobody expects that they were kept. */
export function differs(stored: RawStatus, next: PoolStatus, dropped: ReadonlySet<OwnField>): boolean {
  if (!sameAllocations(stored.allocations, next.allocations)) return true;
  return OWN_FIELDS.some((field) => !dropped.has(field) && !isDeepStrictEqual(stored[field], next[field]));
}

/** The fields that the API server did not keep as they were sent. */
export function findDropped(answered: RawStatus, sent: PoolStatus): Set<OwnField> {
  return new Set(OWN_FIELDS.filter((field) => !isDeepStrictEqual(answered[field], sent[field])));
}

function sameAllocations(stored: unknown, next: readonly unknown[]): boolean {
  if (stored === next) return true;
  if (!Array.isArray(stored) || stored.length !== next.length) return false;
  return stored.every((entry, i) => isDeepStrictEqual(withoutEmptyGateway(entry), next[i]));
}

/** "" is how Go can write that there is no gateway. */
function withoutEmptyGateway(entry: unknown): unknown {
  if (!isObject(entry) || entry.gateway !== "") return entry;
  const { gateway: _, ...rest } = entry;
  return rest;
}
