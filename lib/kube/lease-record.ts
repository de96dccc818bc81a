// SPDX-License-Identifier: Apache-2.0
import { isObject } from "../pool/fields.ts";
// The election record in a coordination.k8s.io/v1 Lease, as client-go keeps it.
import type { Call, Resource } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { hasStatus } from "./error.ts";

/** Times are the holder's and RFC 3339; they are never compared with a clock of this host. */
export type LeaseRecord = {
  /** "": released, nobody holds it. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often it went from one holder to another. */
  readonly leaseTransitions: number;
};

export type StoredLease = {
  readonly record: LeaseRecord;
  /** The whole Lease: what others wrote into it (labels, fields of newer APIs) stays in it. */
  readonly object: Readonly<Record<string, unknown>>;
};

export type LeasePlace = { readonly namespace: string; readonly name: string };

type Options = { readonly timeoutMs: number; readonly signal?: AbortSignal };

/** Undefined: there is no such Lease yet. */
export async function readLease(
  cluster: Cluster,
  place: LeasePlace,
  options: Options,
): Promise<StoredLease | undefined> {
  try {
    const { name } = place;
    return storedLease(await cluster.call({ verb: "get", resource: resourceOf(place), name, ...options }));
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Creates the Lease, or replaces the record in the Lease as it was at `last`. Undefined: somebody was quicker. */
export async function writeLease(
  cluster: Cluster,
  { place, record, last }: LeaseChange,
  options: Options,
): Promise<StoredLease | undefined> {
  const resource = resourceOf(place);
  const { namespace, name } = place;
  const kind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };
  const call: Call =
    last === undefined
      ? { verb: "create", resource, body: { ...kind, metadata: { namespace, name }, spec: record } }
      : {
          verb: "update",
          resource,
          name,
          body: { ...last.object, ...kind, spec: { ...specOf(last.object), ...record } },
        };
  try {
    return storedLease(await cluster.call({ ...call, ...options }));
  } catch (error) {
    // Deleted since it was read: the next look finds none.
    if (hasStatus(error, 409) || (hasStatus(error, 404) && last !== undefined)) return undefined;
    throw error;
  }
}

type LeaseChange = {
  readonly place: LeasePlace;
  readonly record: LeaseRecord;
  readonly last: StoredLease | undefined;
};

/** MicroTime as the API writes it. */
export function microTime(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "000Z");
}

function resourceOf({ namespace }: LeasePlace): Resource {
  return { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace };
}

function storedLease(value: unknown): StoredLease {
  if (!isObject(value)) throw new Error("the API's answer is not a Lease");
  const spec = specOf(value);
  const text = (field: unknown): string => (typeof field === "string" ? field : "");
  const count = (field: unknown): number => (typeof field === "number" ? field : 0);
  const record = {
    holderIdentity: text(spec.holderIdentity),
    leaseDurationSeconds: count(spec.leaseDurationSeconds),
    acquireTime: text(spec.acquireTime),
    renewTime: text(spec.renewTime),
    leaseTransitions: count(spec.leaseTransitions),
  };
  return { record, object: value };
}

function specOf({ spec }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return isObject(spec) ? spec : {};
}
