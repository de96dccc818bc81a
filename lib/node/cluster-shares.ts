// SPDX-License-Identifier: Apache-2.0
// From the pools of a cluster to what the daemon serves: pure functions. The controller computes, this node only reads.
import { shorten } from "../log/printable.ts";
import { isObject } from "../pool/fields.ts";
import { type PoolResource, readResource } from "../pool/manifest.ts";
import { type Pool, type PoolRef, type PoolType, poolKey } from "../pool/pool.ts";
import { describeProblems } from "../pool/report.ts";
import { buildShare, type Share } from "../pool/share.ts";
import { encodeShare } from "../pool/share-text.ts";
import { parsePool } from "../pool/validate.ts";
import type { KeptShare, ShareUpdate } from "./call.ts";

/** A pool as it comes from the API. */
export type StoredPool = {
  readonly kind: "IPPool" | "CIDRPool";
  readonly name: string;
  /** The whole JSON. */
  readonly object: unknown;
};

/** `keep`: why the last good share stays, and whether status gives this node a block; `none`: why this node has none. */
export type OwnOutcome =
  | { readonly share: Share }
  | { readonly none: string }
  | { readonly keep: string; readonly isAssigned: boolean };

/** All that this node needs of a pool, however many nodes its status names. */
export type OwnPool = { readonly pool: PoolRef; readonly outcome: OwnOutcome };

// A spec may be wrong in ten thousand places; the reason is kept, logged and shown.
const LONGEST_REASON = 1024;

/**
 * What a pool means for this node. A share is built only from a valid spec and an entry that fits it; between an edit and
 * the status that follows it, or with either of them wrong, the last good one stays. Without an entry there is none.
 */
export function readOwnPool({ kind, name, object }: StoredPool, nodeName: string): OwnPool {
  const pool: PoolRef = { type: kind === "IPPool" ? "ippool" : "cidrpool", name };
  const all = allocationsOf(object);
  const own = all.findIndex((entry) => isObject(entry) && entry.nodeName === nodeName);
  const isAssigned = own >= 0;
  const entries = isAssigned ? [all[own]] : [];
  const { resource, problems } = readResource(withAllocations(object, entries), { strict: false, kind });
  if (resource === undefined || resource.kind === "Node")
    return { pool, outcome: { keep: `the object is no ${kind}`, isAssigned } };
  const parsed = parsePool(resource, problems);
  if ("problems" in parsed) {
    const inStatus = parsed.problems.every(({ field }) => field.startsWith("status."));
    const what = inStatus ? "this node's entry in status.allocations" : "the pool";
    const keep = `${what} is invalid: ${describeProblems(parsed.problems)}`;
    return { pool, outcome: { keep: shorten(keep, LONGEST_REASON), isAssigned } };
  }
  const rival = findRival(all, own, kind);
  return {
    pool,
    outcome: rival === undefined ? shareOf(parsed.pool, resource) : { keep: rival, isAssigned },
  };
}

export function sameOwnPool(a: OwnPool, b: OwnPool): boolean {
  return poolKey(a.pool) === poolKey(b.pool) && outcomeText(a.outcome) === outcomeText(b.outcome);
}

/** `unread`: kinds that have not been listed yet. */
export function toShareUpdate(pools: readonly OwnPool[], unread: readonly PoolType[]): ShareUpdate {
  const shares: Share[] = [];
  const keep: KeptShare[] = [];
  for (const { pool, outcome } of pools) {
    if ("share" in outcome) shares.push(outcome.share);
    else if ("keep" in outcome) keep.push({ pool, reason: outcome.keep, isAssigned: outcome.isAssigned });
  }
  return { shares, keep, ...(unread.length > 0 && { unread }) };
}

function shareOf(pool: Pool, { allocations = [] }: PoolResource): OwnOutcome {
  const [entry] = allocations;
  if (entry === undefined) return { none: "status.allocations gives this node no block" };
  const built = buildShare(pool, entry);
  if ("share" in built) return built;
  const keep = `this node's entry in status.allocations does not fit the spec: ${built.problem}`;
  return { keep, isAssigned: true };
}

/**
 * Why the entry's block may not be this node's alone, which no controller writes, but a hand may. As controllers resolve
 * it: an IPPool's block is the first entry's, a CIDRPool's prefix is nobody's.
 */
function findRival(all: readonly unknown[], own: number, kind: StoredPool["kind"]): string | undefined {
  const [field, rivals] =
    kind === "IPPool" ? (["startIP", all.slice(0, Math.max(own, 0))] as const) : (["prefix", all] as const);
  const entry = all[own];
  if (!isObject(entry)) return undefined;
  const rival = rivals.find((other) => isObject(other) && other !== entry && other[field] === entry[field]);
  if (!isObject(rival)) return undefined;
  return `status.allocations gives this node's block (${field} ${entry[field]}) to node ${rival.nodeName} too`;
}

function allocationsOf(object: unknown): readonly unknown[] {
  const status = isObject(object) ? object.status : undefined;
  const allocations = isObject(status) ? status.allocations : undefined;
  return Array.isArray(allocations) ? allocations : [];
}

/** The object with the entries alone: a thousand other nodes' ones are neither read nor judged. */
function withAllocations(object: unknown, allocations: readonly unknown[]): unknown {
  return isObject(object) ? { ...object, status: { allocations } } : object;
}

function outcomeText(outcome: OwnOutcome): string {
  if ("share" in outcome) return `share ${encodeShare(outcome.share)}`;
  return "keep" in outcome ? `keep ${outcome.isAssigned} ${outcome.keep}` : `none ${outcome.none}`;
}
