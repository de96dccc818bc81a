// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import { type PoolRef, type PoolType, poolKey } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import { decodeShare } from "../pool/share-text.ts";
import { causeText } from "../rpc/error.ts";
import type { AnsweredShare } from "./call.ts";
import { FreeAddresses } from "./free-addresses.ts";
import { RecoveredContainers } from "./recovered-container.ts";
import type { PoolRow, StoreReader } from "./store-reader.ts";

/** A share with the text it has in the store and the picture of what it can still give. */
export type ServedShare = {
  readonly share: Share;
  readonly text: string;
  readonly free: FreeAddresses;
  /** The same one for all answers: it crosses to the other thread once for each batch. */
  readonly answered: AnsweredShare;
};

/** A pool that has a share on this node, or reservations, or both. */
export type PoolEntry = {
  readonly id: number;
  readonly ref: PoolRef;
  /** Absent: this node has no block of it (any more). */
  served: ServedShare | undefined;
  /** Why the share in the store cannot be used. */
  brokenShare: string | undefined;
  /** The address given last by round robin. */
  last: Address | undefined;
  /** Reservations, those outside the range included. */
  used: number;
};

const RESTORED = "restored from the store, the pools have not been read since the start";

/**
 * Where pods that start and pools that change meet: every pool of this node, in memory, as the store has it. Changes are
 * made here only after their rows have been written, and everything is read anew after a batch that failed.
 */
export class PoolTable {
  #entries = new Map<string, PoolEntry>();
  #reasons: ReadonlyMap<string, string> = new Map();
  #invalid: ReadonlySet<string> = new Set();
  #unread: ReadonlySet<PoolType> = new Set(["ippool", "cidrpool"]);
  #recovered = new RecoveredContainers();

  /** Reads everything from the store. What it is for: a start, and the batch after one that failed. */
  load(read: StoreReader): void {
    const rows = read.listPools();
    this.#entries = new Map(rows.map((row) => [poolKey(row.ref), restoreEntry(read, row)]));
    this.#recovered = new RecoveredContainers(rows.flatMap(({ id }) => read.listRecovered(id)));
  }

  /** What a recovery has left: no call makes such names. */
  get recovered(): RecoveredContainers {
    return this.#recovered;
  }

  /** Whether the pools of the kind have been read since the start: else one that is not here may exist. */
  isKnown(type: PoolType): boolean {
    return !this.#unread.has(type);
  }

  find(ref: PoolRef): PoolEntry | undefined {
    return this.#entries.get(poolKey(ref));
  }

  /** In the order of poolKey's text. */
  list(): PoolEntry[] {
    return [...this.#entries.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }

  findById(id: number): PoolEntry | undefined {
    return [...this.#entries.values()].find((entry) => entry.id === id);
  }

  add(entry: PoolEntry): void {
    this.#entries.set(poolKey(entry.ref), entry);
  }

  forget(ref: PoolRef): void {
    this.#entries.delete(poolKey(ref));
  }

  /** Why a pool has an old share, or none; undefined when its owner asks for what it has. */
  reasonFor(ref: PoolRef): string | undefined {
    return this.#reasons.get(poolKey(ref));
  }

  /** Why the block that a pool gives this node cannot be served; undefined where it gives none, or a good one. */
  invalidReason(ref: PoolRef): string | undefined {
    return this.find(ref)?.brokenShare ?? (this.#invalid.has(poolKey(ref)) ? this.reasonFor(ref) : undefined);
  }

  /** Why a pool's share may be an older one than the pool asks for. */
  staleReason({ ref, served, brokenShare }: PoolEntry): string | undefined {
    if (this.isKnown(ref.type)) return this.reasonFor(ref);
    return served === undefined && brokenShare === undefined ? undefined : RESTORED;
  }

  /**
   * The pools have been read but for the `unread` kinds: those of the keys keep what they have, for the reasons; the
   * `invalid` keys among them give this node a block. The store does not hold them, so they are set when the rest of the
   * update is on the disk.
   */
  setReasons(
    reasons: ReadonlyMap<string, string>,
    { unread, invalid }: { readonly unread: readonly PoolType[]; readonly invalid: readonly string[] },
  ): void {
    this.#reasons = reasons;
    this.#invalid = new Set(invalid);
    this.#unread = new Set(unread);
  }
}

/** `text`: the share as the store has it; `reserved`: in ascending order. */
export function serveShare(share: Share, text: string, reserved: readonly Address[]): ServedShare {
  const { subnet, gateway, routes, defaultGateway } = share;
  const answered = { subnet, routes, defaultGateway, ...(gateway && { gateway }) };
  return { share, text, answered, free: new FreeAddresses(share, reserved) };
}

function restoreEntry(read: StoreReader, row: PoolRow): PoolEntry {
  const reserved = read.listAddresses(row.id);
  const entry: PoolEntry = {
    id: row.id,
    ref: row.ref,
    served: undefined,
    brokenShare: undefined,
    last: row.lastAddress,
    used: reserved.length,
  };
  if (row.share === undefined) return entry;
  try {
    const share = decodeShare(row.ref, row.share);
    entry.served = serveShare(share, row.share, reserved);
  } catch (error) {
    entry.brokenShare = causeText(error); // told to whoever asks for an address; the next good share replaces it
  }
  return entry;
}
