// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../log/log.ts";
import type { Cluster } from "./cluster.ts";
import { type LeaseRecord, microTime, readLease, type StoredLease, writeLease } from "./lease-record.ts";
import { pause } from "./time-limit.ts";
import { Trouble } from "./trouble.ts";

export type ElectionOptions = {
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of this process; no other may have it. */
  readonly identity: string;
  /** Others wait so long after the last renewal they saw. */
  readonly leaseMs: number;
  /** A leader that could not renew for so long is none any more; below leaseMs. */
  readonly renewMs: number;
  /** Between two renewals, and two looks at another's lease. */
  readonly retryMs: number;
  readonly log: Logger;
};

export type Election = {
  /** Never rejects. */
  readonly whenElected: Promise<void>;
  /** Resolves when the lease could not be kept: from then on another may lead. Not after stop(). */
  readonly lost: Promise<Error>;
  /** Releases the lease if it is held, so that another takes over at once. */
  stop(): Promise<void>;
};

const RELEASE_TIMEOUT_MS = 2000;

/** Competes for a Lease in the way of client-go's leader election, so a controller that uses that one takes part. */
export function electLeader(cluster: Cluster, options: ElectionOptions): Election {
  const candidate = new Candidate(cluster, options);
  const running = candidate.run();
  return {
    whenElected: candidate.elected.promise,
    lost: candidate.lost.promise,
    async stop() {
      candidate.stopping.abort(new Error("stopped"));
      await running;
      await candidate.release();
    },
  };
}

class Candidate {
  readonly elected = Promise.withResolvers<void>();
  readonly lost = Promise.withResolvers<Error>();
  readonly stopping = new AbortController();
  readonly #cluster: Cluster;
  readonly #options: ElectionOptions;
  readonly #trouble: Trouble;
  #seen: StoredLease | undefined;
  /** When this process first saw the record as it is: others' clocks do not matter. Monotonic. */
  #seenAt = 0;
  /** True from the first write on: its answer may have been lost. */
  #mayHold = false;
  /** When the renewal that succeeded last was sent, monotonic; undefined: not the leader. */
  #renewedAt: number | undefined;

  constructor(cluster: Cluster, options: ElectionOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#trouble = new Trouble(options.log);
  }

  async run(): Promise<void> {
    const { signal } = this.stopping;
    const { log } = this.#options;
    while (!signal.aborted && !(await this.#attempt())) await pause(this.#nextLookMs(), signal);
    if (signal.aborted) return;
    log.info("leading", { lease: this.#options.name });
    this.elected.resolve();
    const reason = await this.#keep();
    if (signal.aborted) return;
    this.#renewedAt = undefined;
    this.lost.resolve(new Error("the leader's lease is lost", { cause: reason }));
  }

  /** Renews until stopped, or until it was not possible for renewMs; resolves with the reason then. */
  async #keep(): Promise<unknown> {
    const { signal } = this.stopping;
    const { retryMs, renewMs, identity } = this.#options;
    while (!signal.aborted) {
      await pause(Math.min(retryMs, this.#leftMs()), signal);
      if (signal.aborted) break;
      if (this.#leftMs() > 0) await this.#attempt();
      const holder = this.#seen?.record.holderIdentity;
      if (holder && holder !== identity) return new Error(`it is held by "${holder}"`);
      if (this.#leftMs() <= 0)
        return new Error(`not renewed for ${renewMs / 1000} s: ${this.#trouble.current}`);
    }
    return undefined;
  }

  /** Looks are close together, and one falls on the end of the other's lease: every second counts where nobody leads. */
  #nextLookMs(): number {
    const retryMs = this.#options.retryMs * (1 + Math.random() / 10);
    const validMs = this.#seen === undefined ? 0 : this.#validMs(this.#seen.record);
    return validMs > 0 ? Math.min(retryMs, validMs) : retryMs;
  }

  #leftMs(): number {
    return (this.#renewedAt ?? 0) + this.#options.renewMs - performance.now();
  }

  /** One try to get or to renew the lease; true: it is held now. A failure is logged once per reason. */
  async #attempt(): Promise<boolean> {
    try {
      const isHeld = await this.#tryOnce();
      this.#trouble.clear("the lease can be read and written again");
      return isHeld;
    } catch (error) {
      if (!this.stopping.signal.aborted) this.#trouble.report("the leader election gets no further", error);
      return false;
    }
  }

  async #tryOnce(): Promise<boolean> {
    const { name, namespace, identity } = this.#options;
    const place = { name, namespace };
    // A leader writes what it wrote last: only after a conflict, or a failure of unknown end, it has to look.
    if (this.#renewedAt === undefined || this.#seen === undefined || this.#trouble.current !== undefined) {
      this.#observe(await readLease(this.#cluster, place, this.#limits()));
    }
    const seen = this.#seen;
    if (seen !== undefined && seen.record.holderIdentity !== identity && this.#validMs(seen.record) > 0)
      return false;
    const sentAt = performance.now();
    this.#mayHold = true;
    const record = this.#nextRecord(seen?.record);
    const written = await writeLease(this.#cluster, { place, record, last: seen }, this.#limits());
    if (written === undefined) {
      this.#observe(await readLease(this.#cluster, place, this.#limits()));
      return false;
    }
    this.#observe(written);
    this.#renewedAt = sentAt;
    return true;
  }

  #limits(): { timeoutMs: number; signal: AbortSignal } {
    const { retryMs, renewMs } = this.#options;
    const atMost = this.#renewedAt === undefined ? renewMs : Math.max(1, this.#leftMs());
    return { timeoutMs: Math.min(atMost, Math.max(retryMs, renewMs / 2)), signal: this.stopping.signal };
  }

  #observe(lease: StoredLease | undefined): void {
    if (!isDeepStrictEqual(lease?.record, this.#seen?.record)) this.#seenAt = performance.now();
    const holder = lease?.record.holderIdentity;
    const { identity, log } = this.#options;
    if (holder && holder !== identity && holder !== this.#seen?.record.holderIdentity) {
      log.info("another one leads", { holder });
    }
    this.#seen = lease;
  }

  /** How long another may not take it, in milliseconds; 0 or less: it is free. */
  #validMs({ holderIdentity, leaseDurationSeconds }: LeaseRecord): number {
    const durationMs = leaseDurationSeconds > 0 ? leaseDurationSeconds * 1000 : this.#options.leaseMs;
    return holderIdentity === "" ? 0 : this.#seenAt + durationMs - performance.now();
  }

  #nextRecord(last: LeaseRecord | undefined): LeaseRecord {
    const { identity, leaseMs } = this.#options;
    const now = microTime(Date.now());
    const isMine = last?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      acquireTime: isMine ? last.acquireTime : now,
      renewTime: now,
      leaseTransitions: last === undefined ? 0 : last.leaseTransitions + (isMine ? 0 : 1),
    };
  }

  /** Also when the last write's answer never came: what is stored decides whose lease it is. */
  async release(): Promise<void> {
    const { name, namespace, identity, log } = this.#options;
    if (!this.#mayHold) return;
    const place = { name, namespace };
    const options = { timeoutMs: RELEASE_TIMEOUT_MS };
    try {
      const lease = await readLease(this.#cluster, place, options);
      if (lease?.record.holderIdentity !== identity) return;
      const now = microTime(Date.now());
      const { leaseTransitions } = lease.record;
      const times = { leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      const record = { holderIdentity: "", ...times, leaseTransitions };
      await writeLease(this.#cluster, { place, record, last: lease }, options);
    } catch (error) {
      log.error("the lease could not be released, it runs out", error);
    }
  }
}
