// SPDX-License-Identifier: Apache-2.0
import { hash } from "node:crypto";
import { isObject } from "../pool/fields.ts";
import { POOL_API_VERSION, type PoolResource, readResource } from "../pool/manifest.ts";
import type { Pool, PoolAllocation, Problem } from "../pool/pool.ts";
import { parsePool } from "../pool/validate.ts";

export type PoolKind = "IPPool" | "CIDRPool";

/** A pool as the API server has it. */
export type StoredPool = {
  readonly kind: PoolKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly createdAtMs: number;
  /** The whole object, as JSON gave it. */
  readonly object: unknown;
};

/** A pool as the controller keeps it: its spec parsed, once for all reconciles; its status, which may be large, as text. */
export type PoolRecord = Omit<StoredPool, "object"> & {
  readonly spec: { readonly pool: Pool } | { readonly problems: readonly Problem[] };
  /** status as JSON. */
  readonly statusText: string;
  /** Tells one statusText from another. */
  readonly statusHash: string;
  /** Length of the object's JSON without its status. */
  readonly otherBytes: number;
};

/** What stands in status.allocations does not make a pool invalid: the controller writes that anew. */
export function readPoolRecord({ object, ...stored }: StoredPool): PoolRecord {
  const { status, ...rest }: Readonly<Record<string, unknown>> = isObject(object) ? object : {};
  const { resource, problems } = readPool(rest);
  const spec = resource === undefined ? { problems } : parsePool(resource, problems);
  const statusText = JSON.stringify(isObject(status) ? status : {});
  const otherBytes = Buffer.byteLength(JSON.stringify(rest));
  return { ...stored, spec, statusText, statusHash: hash("sha256", statusText), otherBytes };
}

/** status as it stands, {} when there is none; `last`: its allocations, texts that are missing or no text as "". */
export function readStatus({ kind, name, statusText }: PoolRecord): {
  readonly status: Readonly<Record<string, unknown>>;
  readonly last: readonly PoolAllocation[];
} {
  const status = JSON.parse(statusText) as Record<string, unknown>;
  const object = { apiVersion: POOL_API_VERSION, kind, metadata: { name }, spec: {}, status };
  return { status, last: readPool(object).resource?.allocations ?? [] };
}

function readPool(object: unknown): { resource?: PoolResource; problems: readonly Problem[] } {
  const { resource, problems } = readResource(object, { strict: false });
  return { problems, ...(resource !== undefined && resource.kind !== "Node" && { resource }) };
}

/** Names a pool among those of one kind. */
export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
