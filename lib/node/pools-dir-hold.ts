// SPDX-License-Identifier: Apache-2.0
// Editors and shells empty a file before they write it, or move it away first: what takes something away has to last.
import { sameAddress } from "../ip/address.ts";
import { findRangeIndex } from "../ip/range.ts";
import { formatSubnet } from "../ip/subnet.ts";
import { type PoolRef, poolKey } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import { encodeShare } from "../pool/share-text.ts";
import type { ShareUpdate } from "./call.ts";
import type { Clock } from "./pools-dir-clock.ts";
import { sameBlock } from "./pools-dir-owner.ts";

/** How long the manifests must say the same before a share goes, moves or loses a part. */
export const HOLD_MS = 2_000;

/** An update of which what takes something away is put off. */
export type HeldUpdate = {
  readonly update: ShareUpdate;
  /** By poolKey, the pools that stay as they were for now. */
  readonly held: ReadonlySet<string>;
  /** How long until the next look at it. */
  readonly againMs: number;
};

/** Puts off each loss of a share until it has been wanted for `holdMs`; undefined: nothing to put off. */
export function createHold(clock: Clock, holdMs: number) {
  let waiting = new Map<string, { readonly wanted: string; readonly sinceMs: number }>();

  return (update: ShareUpdate, last: ReadonlyMap<string, Share>): HeldUpdate | undefined => {
    const now = clock.now();
    const before = waiting;
    const losses = findLosses(update, last);
    waiting = new Map(
      losses.map(({ pool, next }) => {
        const key = poolKey(pool);
        const wanted = next === undefined ? "" : encodeShare(next);
        const known = before.get(key);
        return [key, known?.wanted === wanted ? known : { wanted, sinceMs: now }];
      }),
    );
    const restMs = (pool: PoolRef) => waiting.get(poolKey(pool))!.sinceMs + holdMs - now;
    const young = losses.map(({ pool }) => pool).filter((pool) => restMs(pool) > 0);
    if (young.length === 0) return undefined;
    const held = new Set(young.map(poolKey));
    const shares = update.shares.filter(({ pool }) => !held.has(poolKey(pool)));
    const keep = [...update.keep, ...young.map((pool) => ({ pool, reason: HELD }))];
    return { update: { ...update, shares, keep }, held, againMs: Math.min(...young.map(restMs)) };
  };
}

const HELD = "the manifests have just changed, the share stays until they have been the same for a while";

/** The pools whose share would not have all that it had. */
function findLosses(
  { shares, keep, keepUnlisted }: ShareUpdate,
  last: ReadonlyMap<string, Share>,
): { pool: PoolRef; next: Share | undefined }[] {
  const wanted = new Map(shares.map((share) => [poolKey(share.pool), share]));
  const kept = new Set(keep.map(({ pool }) => poolKey(pool)));
  return [...last].flatMap(([key, share]) => {
    const next = wanted.get(key);
    const stays = next === undefined ? kept.has(key) || keepUnlisted !== undefined : hasAllOf(next, share);
    return stays ? [] : [{ pool: share.pool, next }];
  });
}

/** A manifest cut off in the middle gives less than the whole, or a number cut short: neither passes. */
function hasAllOf(next: Share, before: Share): boolean {
  const routes = new Set(next.routes.map(formatSubnet));
  return (
    sameBlock(next, before) &&
    (before.gateway === undefined ||
      (next.gateway !== undefined && sameAddress(next.gateway, before.gateway))) &&
    before.exclusions.every(({ first, last }) => {
      const around = next.exclusions[findRangeIndex(next.exclusions, last)];
      return around !== undefined && around.first <= first;
    }) &&
    before.routes.every((route) => routes.has(formatSubnet(route))) &&
    (next.defaultGateway || !before.defaultGateway)
  );
}
