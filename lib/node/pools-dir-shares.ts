// SPDX-License-Identifier: Apache-2.0
// From the manifests of a directory to what the daemon serves: a pure function, with what there is to say about it.
import { formatAddress } from "../ip/address.ts";
import type { PoolResource } from "../pool/manifest.ts";
import { type Pool, type PoolRef, poolKey } from "../pool/pool.ts";
import { describeProblems } from "../pool/report.ts";
import type { Share } from "../pool/share.ts";
import { parsePool } from "../pool/validate.ts";
import type { KeptShare, ShareUpdate } from "./call.ts";
import { type Inventory, type PoolManifest, refOf, takeInventory } from "./pools-dir-inventory.ts";
import type { PlacedManifest } from "./pools-dir-manifests.ts";
import { findOwnShare, isAlone, sameBlock } from "./pools-dir-owner.ts";
import type { Note } from "./pools-dir-report.ts";

export type SharesInput = {
  /** In the order of the files. */
  readonly manifests: readonly PlacedManifest[];
  /** Why some manifests are not known; undefined: all are. */
  readonly unread?: string;
  readonly nodeName: string;
  /** The shares this node had last, by poolKey. */
  readonly last: ReadonlyMap<string, Share>;
};

/**
 * Never throws: a manifest that cannot be followed keeps its pool as it was, and a note says why. The notes are all there are,
 * each time; what was said before, the reporter leaves out.
 */
export function resolveShares(input: SharesInput): { update: ShareUpdate; notes: Note[] } {
  const notes: Note[] = [];
  const { pools, nodes, unread } = takeInventory(input.manifests, input.unread, notes);
  const shares: Share[] = [];
  const keep: KeptShare[] = [];
  for (const manifest of pools.values()) {
    const ref = refOf(manifest.resource);
    const outcome = resolvePool(manifest, { ...input, ref, nodes, unread }, notes);
    if ("share" in outcome) shares.push(outcome.share);
    else if ("keep" in outcome) {
      const { allocations = [] } = manifest.resource;
      const isAssigned = allocations.some((entry) => entry.nodeName === input.nodeName);
      keep.push({ pool: ref, reason: outcome.keep, isAssigned });
    }
  }
  return { update: { shares, keep, ...(unread !== undefined && { keepUnlisted: unread }) }, notes };
}

type PoolContext = Omit<SharesInput, "unread"> &
  Pick<Inventory, "nodes" | "unread"> & { readonly ref: PoolRef };
type Outcome = { readonly share: Share } | { readonly keep: string } | { readonly gone: true };

function resolvePool(
  { resource, problems, place }: PoolManifest,
  context: PoolContext,
  notes: Note[],
): Outcome {
  const fields = { pool: poolKey(context.ref) };
  const parsed = parsePool(resource, problems);
  if ("problems" in parsed) {
    const message = "pool manifest is invalid, the pool stays as it was";
    notes.push({ level: "error", message, place, problems: parsed.problems, fields });
    return { keep: `the manifest at ${place} is invalid: ${describeProblems(parsed.problems)}` };
  }
  const outcome = chooseShare(parsed.pool, resource, context);
  if ("keep" in outcome) {
    notes.push({ level: "error", message: "pool stays as it was", place, reason: outcome.keep, fields });
    return outcome;
  }
  if ("none" in outcome) {
    notes.push({
      level: "warn",
      message: "pool has no addresses for this node",
      place,
      reason: outcome.none,
      fields,
    });
    return { gone: true };
  }
  noteServed(outcome.share, { place, fields, alone: isAlone(ownersOf(resource, context)) }, context, notes);
  return outcome;
}

/** While some manifests are unknown, a block neither moves nor goes: the missing ones may be what holds it in place. */
function chooseShare(
  pool: Pool,
  resource: PoolResource,
  context: PoolContext,
): { share: Share } | { none: string } | { keep: string } {
  const { nodeName, last, ref, unread } = context;
  const before = last.get(poolKey(ref));
  const own = findOwnShare({
    pool,
    nodeName,
    ...ownersOf(resource, context),
    ...(before && { last: before }),
  });
  if ("invalid" in own) return { keep: own.invalid };
  if (unread === undefined || before === undefined) return own;
  return "share" in own && sameBlock(own.share, before)
    ? own
    : { keep: `${unread}, so this node's block stays` };
}

/** Who says which node has what. */
function ownersOf({ allocations }: PoolResource, { nodes }: PoolContext) {
  return { ...(allocations && { listed: allocations }), ...(nodes && { nodes }) };
}

function noteServed(
  share: Share,
  {
    place,
    fields,
    alone,
  }: { readonly place: string; readonly fields: Note["fields"]; readonly alone: boolean },
  { last, ref }: PoolContext,
  notes: Note[],
): void {
  const { family, first, last: end } = share.range;
  const range = [first, end].map((value) => formatAddress({ family, value })).join("-");
  const before = last.get(poolKey(ref));
  if (before !== undefined && !sameBlock(before, share)) {
    const message =
      "this node's block has changed; addresses of the old one stay reserved, other nodes may get them";
    notes.push({ level: "warn", message, place, fields: { ...fields, range } });
  }
  notes.push({ level: "info", message: "pool served", fields: { ...fields, range } });
  // One text for all pools: said once.
  if (alone) notes.push({ level: "warn", message: ALONE });
}

const ALONE =
  "blocks are computed for this host alone, every other host would get the same: write status.allocations into the pool " +
  "manifests or add Node manifests to say who owns what";
