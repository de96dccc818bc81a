// SPDX-License-Identifier: Apache-2.0
import { poolKey } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import { encodeShare } from "../pool/share-text.ts";
import type { ShareUpdate } from "./call.ts";
import type { CallScope } from "./call-scope.ts";
import { type PoolEntry, serveShare } from "./pool-table.ts";
import { forgetIfUnused } from "./release-calls.ts";

/** Puts the pools' present shares into store and table. Reservations are never touched; what is unchanged costs no write. */
export function setShares(scope: CallScope, update: ShareUpdate): null {
  for (const share of update.shares) serve(scope, share);
  const listed = new Set(update.shares.map(({ pool }) => poolKey(pool)));
  const reasons = new Map(update.keep.map(({ pool, reason }) => [poolKey(pool), reason]));
  for (const entry of scope.table.list()) {
    const key = poolKey(entry.ref);
    if (listed.has(key) || reasons.has(key) || update.unread?.includes(entry.ref.type)) continue;
    if (update.keepUnlisted === undefined) withdraw(scope, entry);
    else reasons.set(key, update.keepUnlisted);
  }
  const invalid = update.keep.filter(({ isAssigned }) => isAssigned).map(({ pool }) => poolKey(pool));
  scope.onCommit(() => scope.table.setReasons(reasons, { unread: update.unread ?? [], invalid }));
  return null;
}

function serve({ tx, read, table, onSuccess }: CallScope, share: Share): void {
  const entry = table.find(share.pool);
  const text = encodeShare(share);
  if (entry?.served?.text === text) return;
  if (entry !== undefined) tx.setShare(entry.id, text);
  const id = entry?.id ?? tx.addPool(share.pool, text);
  const reserved = read.listAddresses(id);
  const served = serveShare(share, text, reserved);
  onSuccess(() => {
    const known = { id, ref: share.pool, last: entry?.last, used: reserved.length };
    table.add({ ...known, served, brokenShare: undefined });
  });
}

function withdraw(scope: CallScope, entry: PoolEntry): void {
  if (entry.served === undefined && entry.brokenShare === undefined) {
    // Imported from a Go daemon, which keeps a pool that nothing is left of; one with reservations costs no write here.
    if (entry.used === 0) forgetIfUnused(scope, entry.id, entry.ref);
    return;
  }
  scope.tx.setShare(entry.id, null);
  scope.onSuccess(() => {
    entry.served = undefined;
    entry.brokenShare = undefined;
  });
  forgetIfUnused(scope, entry.id, entry.ref);
}
