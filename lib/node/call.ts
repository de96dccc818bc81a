// SPDX-License-Identifier: Apache-2.0
// What the main thread asks the store thread for. Plain data: it crosses threads by structured clone.
import type { Address } from "../ip/address.ts";
import type { PoolRef, PoolType } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";

/** One interface of one container, as CNI names it. */
export type Attachment = { readonly containerId: string; readonly interfaceName: string };

/** Who asked for an address; empty strings where the caller did not say. */
export type Metadata = {
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly deviceId: string;
  readonly networkName: string;
};

export type ReservationRecord = Attachment &
  Metadata & {
    readonly pool: PoolRef;
    readonly address: Address;
    /** Milliseconds since the epoch. */
    readonly createdAtMs: number;
    /** Grows with each reservation, whatever the clock does; absent when it was made by a program that did not count. */
    readonly sequence?: number;
  };

export type ReservationFilter = {
  readonly pool?: PoolRef;
  /** A pool name whatever its type, where pool is not given. */
  readonly poolName?: string;
  readonly containerId?: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  readonly networkName?: string;
  readonly address?: Address;
};

/** Sizes as counted from the in-memory picture and the store. */
export type PoolState = {
  readonly pool: PoolRef;
  /** Absent when this node has no block of the pool and only reservations are left. */
  readonly share?: Share;
  readonly size: bigint;
  readonly used: bigint;
  readonly free: bigint;
  readonly excluded: bigint;
  readonly next?: Address;
  /** Why the share is an older one than the pool's manifest asks for. */
  readonly staleReason?: string;
};

export type StoreFinding = {
  readonly kind: "integrity" | "outside-share" | "duplicate-address" | "duplicate-attachment" | "no-share";
  readonly pool?: PoolRef;
  readonly message: string;
};

/** `isAssigned`: its status gives this node a block, so a pool without a last good share is not unknown but invalid. */
export type KeptShare = { readonly pool: PoolRef; readonly reason: string; readonly isAssigned?: boolean };

/** What is known of the pools now; the store thread remembers it, also across restarts. */
export type ShareUpdate = {
  /** The current share of each pool that has one on this node. */
  readonly shares: readonly Share[];
  /** Pools whose last good share stays, with the reason (an invalid edit, an unreadable file). */
  readonly keep: readonly KeptShare[];
  /** True: a pool that neither list names stays as it was too (its file cannot be read); false: it loses its share. */
  readonly keepUnlisted?: string;
  /** Kinds that have not been read since the start: their pools stay as the store has them, and others may exist. */
  readonly unread?: readonly PoolType[];
};

/** What one collectGarbage releases at most: while it runs no pod gets an address. */
export const GARBAGE_AT_ONCE = 2000;

/** What an answer says of the share: not its exclusions, of which there may be thousands. */
export type AnsweredShare = Pick<Share, "subnet" | "gateway" | "routes" | "defaultGateway">;

/** Every call with what it asks for and what it answers. */
export type Calls = {
  /** Reserves one address in each pool, all or none; the answers are in the order of the pools. */
  allocate: {
    request: {
      readonly pools: readonly PoolRef[];
      readonly attachment: Attachment;
      readonly metadata: Metadata;
      readonly requestedIps: readonly Address[];
      readonly allocateDefaultGateway: boolean;
      /** Distance from the first address of the range; may be negative or too large as the caller sent it. */
      readonly index?: number;
    };
    answer: readonly { readonly pool: PoolRef; readonly address: Address; readonly share: AnsweredShare }[];
  };
  /** Fails with NotFound unless each pool holds a reservation of the attachment; `podUid` as in deallocate. */
  isAllocated: {
    request: {
      readonly pools: readonly PoolRef[];
      readonly attachment: Attachment;
      readonly podUid?: string;
    };
    answer: null;
  };
  /** How many reservations went. */
  deallocate: {
    /** `podUid`: finds what a recovery knew of the pod only; "" where the caller did not say. */
    request: {
      readonly pools: readonly PoolRef[];
      readonly attachment: Attachment;
      readonly podUid?: string;
    };
    answer: number;
  };
  /** How many went, at most GARBAGE_AT_ONCE: then there may be more. */
  collectGarbage: {
    request: {
      readonly networkName: string;
      readonly valid: readonly Attachment[];
      readonly beganAtMs: number;
    };
    answer: number;
  };
  checkPools: {
    request: { readonly pools: readonly PoolRef[] };
    answer: readonly { readonly pool: PoolRef; readonly reason: string }[];
  };
  setShares: { request: ShareUpdate; answer: null };
  listPools: { request: null; answer: readonly PoolState[] };
  /** Ordered by pool type, pool name, address; `after` is the token of the page before. */
  listReservations: {
    request: { readonly filter: ReservationFilter; readonly limit: number; readonly after?: string };
    answer: { readonly reservations: readonly ReservationRecord[]; readonly next?: string };
  };
  /** Releases those that match in pool, attachment and address, and in the time where it is given; how many went. */
  releaseReservations: {
    request: readonly { pool: PoolRef; attachment: Attachment; address: Address; createdAtMs?: number }[];
    answer: number;
  };
  checkStore: { request: null; answer: readonly StoreFinding[] };
  /** The whole content as the Go daemon's store file has it. */
  exportToGo: { request: null; answer: string };
};

export type CallName = keyof Calls;

/** Who waits for an answer, an AbortSignal for instance. */
export type Caller = {
  /** Nobody does any more. */
  readonly aborted: boolean;
};

/** The store and the allocator as the rest of the daemon sees them. */
export type Desk = {
  /**
   * Answers after the change is on disk; rejects with RpcError. A call that has not begun when its caller has gone is dropped
   * and rejects with Canceled.
   */
  call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    caller?: Caller,
  ): Promise<Calls[N]["answer"]>;
};
