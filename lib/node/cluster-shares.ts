// SPDX-License-Identifier: Apache-2.0
// From the pools of a cluster to what the daemon serves: pure functions. The controller computes, this node only reads.
import { shorten } from "../log/printable.ts";
import { blockKey } from "../pool/block-key.ts";
import { isObject } from "../pool/fields.ts";
import { readResource } from "../pool/manifest.ts";
import { type PoolAllocation, type PoolRef, type PoolType, type Problem, poolKey } from "../pool/pool.ts";
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
  const keep = (reason: string): OwnPool => {
    return { pool, outcome: { keep: shorten(reason, LONGEST_REASON), isAssigned } };
  };
  if (resource === undefined || resource.kind === "Node") return keep(`the object is no ${kind}`);
  const parsed = parsePool(resource, problems);
  if ("problems" in parsed) return keep(describeInvalid(parsed.problems));
  const [entry] = resource.allocations ?? [];
  if (entry === undefined) return { pool, outcome: { none: "status.allocations gives this node no block" } };
  const rival = findRival(all, own, entry);
  if (rival !== undefined) return keep(rival);
  const built = buildShare(parsed.pool, entry);
  if ("share" in built) return { pool, outcome: built };
  return keep(`this node's entry in status.allocations does not fit the spec: ${built.problem}`);
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

function describeInvalid(problems: readonly Problem[]): string {
  const inStatus = problems.every(({ field }) => field.startsWith("status."));
  const what = inStatus ? "this node's entry in status.allocations" : "the pool";
  return `${what} is invalid: ${describeProblems(problems)}`;
}

/**
 * Why the entry's block may not be this node's alone, which no controller writes, but a hand may. As controllers resolve
 * it: an IPPool's block is the first entry's; a CIDRPool's prefix is nobody's, and neither is any of a node with two.
 */
function findRival(all: readonly unknown[], own: number, entry: PoolAllocation): string | undefined {
  const block = blockKey(entry);
  if (block === undefined) return undefined;
  const isPrefix = "prefix" in entry;
  const others = isPrefix ? all.toSpliced(own, 1) : all.slice(0, own);
  for (const other of others.filter(isObject)) {
    if (isPrefix && other.nodeName === entry.nodeName)
      return "status.allocations has more than one entry for this node";
    if (writtenBlock(other, isPrefix) !== block) continue;
    const said = isPrefix ? `prefix ${entry.prefix}` : `startIP ${entry.startIP}`;
    return `status.allocations gives this node's block (${said}) to node ${other.nodeName} too`;
  }
  return undefined;
}

/** Of another node's entry nothing but the block is looked at. */
function writtenBlock(
  { prefix, startIP, endIP }: Readonly<Record<string, unknown>>,
  isPrefix: boolean,
): string | undefined {
  if (isPrefix) return typeof prefix === "string" ? blockKey({ prefix }) : undefined;
  return typeof startIP === "string" && typeof endIP === "string" ? blockKey({ startIP, endIP }) : undefined;
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
