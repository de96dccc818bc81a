// SPDX-License-Identifier: Apache-2.0
// What the new store will hold: a pure function of what the sources say.

import type { Address } from "../ip/address.ts";
import { compareAddresses, formatAddress } from "../ip/address.ts";
import { type Subnet, subnetContains } from "../ip/subnet.ts";
import { describePool, type PoolRef, poolKey } from "../pool/pool.ts";
import { decodeShare } from "../pool/share-text.ts";
import type { CacheLook } from "./recover-cache.ts";
import {
  type Candidate,
  fromPod,
  fromRuntime,
  fromStore,
  type Subnets,
  type Unplaced,
} from "./recover-candidates.ts";
import { listLeftOut } from "./recover-left-out.ts";
import type { PodAddress } from "./recover-pods.ts";
import { namePools } from "./recover-pool-names.ts";
import type { Salvage } from "./recover-rows.ts";
import { secondOfContainer } from "./recovered-container.ts";

export type PlannedPool = {
  readonly ref: PoolRef;
  /** Absent: round robin begins anew. */
  readonly lastAddress?: Address;
  /** Absent: nothing is given from the pool until it has been read. */
  readonly share?: string;
};

/** Two that cannot both be: the one that is kept and the one that is not. */
export type RecoveryConflict = { readonly kept: Candidate; readonly dropped: Candidate };

export type RecoveryPlan = {
  readonly pools: readonly PlannedPool[];
  /** In the order of pools and addresses. */
  readonly reservations: readonly Candidate[];
  /**
   * Rows of the store that cannot be placed, as their pools' names are lost, in the order of addresses: their addresses
   * would be given again while their containers may still run.
   */
  readonly leftOut: readonly Unplaced[];
  readonly conflicts: readonly RecoveryConflict[];
  /** What could not be read or used, one sentence each. */
  readonly notes: readonly string[];
  /** As Salvage has it. */
  readonly nodeName?: string;
};

export type RecoveryInput = {
  readonly store: Salvage;
  readonly runtime: readonly CacheLook[];
  readonly pods: readonly PodAddress[];
  readonly nowMs: number;
};

/**
 * Merges the sources. Of two that say different things of one address or attachment the more reliable one is kept: first
 * rows of the store that the runtime confirms, then what only the runtime knows (a row of the store may have been released
 * in the part that is lost), then rows of the store, those without a tree last, then the pods' annotations.
 */
export function planRecovery({ store, runtime, pods, nowMs }: RecoveryInput): RecoveryPlan {
  const notes = runtime.flatMap(({ problems }) => problems);
  const subnets = readSubnets(store, notes);
  const cached = runtime.flatMap(({ attachments }) =>
    attachments.flatMap((one) => fromRuntime(one, subnets)),
  );
  notes.push(...cached.filter((one) => typeof one === "string"));
  const live = cached.filter((one) => typeof one !== "string");
  const named = namePools(store, live);
  const stored = store.rows.map((row) => ({
    row: fromStore(row, nowMs),
    pool: named.get(row.poolId),
  }));
  const confirmed = new Set(live.map(wholeKey));
  const all = [
    ...stored.flatMap(({ row, pool }) => (pool === undefined ? [] : [{ ...row, pool }])),
    ...live,
    ...pods.flatMap((pod) => fromPod(pod, subnets)),
  ];
  const ranked = all
    .map((one) => ({ one, rank: rankOf(one, confirmed, subnets) }))
    .sort((a, b) => a.rank - b.rank || newerFirst(a.one, b.one))
    .map(({ one }) => one);
  const { reservations, conflicts } = settle(ranked);
  return {
    pools: listPools(store, reservations),
    reservations: reservations.sort(inOrder),
    leftOut: listLeftOut(
      stored.filter(({ pool }) => pool === undefined).map(({ row }) => row),
      all,
    ),
    conflicts,
    notes,
    ...(store.nodeName !== undefined && { nodeName: store.nodeName }),
  };
}

const RANKS = { store: 3, "store-index": 4, "store-stray": 5, runtime: 2, pod: 6 };
/** An address that the pool does not have: a bit of it has changed. */
const UNLIKELY = 7;

function rankOf(one: Candidate, confirmed: ReadonlySet<string>, subnets: Subnets): number {
  const isConfirmed = confirmed.has(wholeKey(one));
  if (one.source === "store" && isConfirmed) return 0;
  if (one.source === "store-stray" && isConfirmed) return 1;
  const subnet = subnets.get(poolKey(one.pool));
  const isLikely = subnet === undefined || subnetContains(subnet, one.address);
  return isLikely ? RANKS[one.source] : UNLIKELY;
}

/** A file of the runtime may be left over from a container that is long gone, as after a reboot. */
function newerFirst(a: Candidate, b: Candidate): number {
  return a.source === "runtime" && b.source === "runtime" ? b.createdAtMs - a.createdAtMs : 0;
}

/**
 * Takes each candidate that fits those before it; one that says the same as an earlier one is no conflict. An attachment
 * of which two addresses are told keeps both: one of them is in use.
 */
function settle(ranked: readonly Candidate[]): { reservations: Candidate[]; conflicts: RecoveryConflict[] } {
  const byAddress = new Map<string, Candidate>();
  const attachments = new Set<string>();
  const conflicts: RecoveryConflict[] = [];
  for (const one of ranked) {
    const kept = byAddress.get(addressKey(one));
    if (kept !== undefined) {
      if (!isSame(kept, one)) conflicts.push({ kept, dropped: one });
      continue;
    }
    let added = one;
    while (attachments.has(attachmentKey(added))) {
      added = { ...added, containerId: secondOfContainer(added.containerId) };
    }
    byAddress.set(addressKey(added), added);
    attachments.add(attachmentKey(added));
  }
  return { reservations: [...byAddress.values()], conflicts };
}

function isSame(kept: Candidate, other: Candidate): boolean {
  if (wholeKey(kept) === wholeKey(other)) return true;
  return (
    other.source === "pod" &&
    addressKey(kept) === addressKey(other) &&
    (kept.podUid === other.podUid ||
      (kept.podName === other.podName && kept.podNamespace === other.podNamespace))
  );
}

function listPools({ pools }: Salvage, reservations: readonly Candidate[]): PlannedPool[] {
  const planned = new Map<string, PlannedPool>();
  for (const { ref, lastAddress, share } of pools.values()) {
    planned.set(poolKey(ref), {
      ref,
      ...(lastAddress && { lastAddress }),
      ...(share !== undefined && { share }),
    });
  }
  for (const { pool } of reservations)
    if (!planned.has(poolKey(pool))) planned.set(poolKey(pool), { ref: pool });
  return [...planned.values()].sort((a, b) => compareTexts(poolKey(a.ref), poolKey(b.ref)));
}

function readSubnets({ pools }: Salvage, notes: string[]): Subnets {
  const subnets = new Map<string, Subnet>();
  for (const { ref, share, isWhole } of pools.values()) {
    if (!isWhole) notes.push(`the row of ${describePool(ref)} is lost: its round robin begins anew`);
    if (share === undefined) continue;
    try {
      subnets.set(poolKey(ref), decodeShare(ref, share).subnet);
    } catch {
      notes.push(`the share of ${describePool(ref)} makes no sense: it comes anew with the pool`);
    }
  }
  return subnets;
}

const addressKey = ({ pool, address }: Candidate): string => `${poolKey(pool)} ${formatAddress(address)}`;
const attachmentKey = ({ pool, containerId, interfaceName }: Candidate): string =>
  `${poolKey(pool)} ${containerId} ${interfaceName}`;
const wholeKey = (one: Candidate): string => `${addressKey(one)} ${attachmentKey(one)}`;

function inOrder(a: Candidate, b: Candidate): number {
  return compareTexts(poolKey(a.pool), poolKey(b.pool)) || compareAddresses(a.address, b.address);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
