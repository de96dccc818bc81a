// SPDX-License-Identifier: Apache-2.0
// Addresses whose pod is gone without a DEL (a node that lost power, a runtime that gave up) come back to their pool.
import { formatAddress } from "../ip/address.ts";
import type { Logger } from "../log/log.ts";
import { describeError } from "../log/printable.ts";
import { type PoolType, poolKey } from "../pool/pool.ts";
import type { ReservationRecord } from "./call.ts";
import { type KnownPod, type RoundOptions, runRound } from "./cleaner-round.ts";
import { type Delay, realDelay } from "./delay.ts";

/** Told of each stale reservation that was released, and how each look at all of them ended. */
export type CleanerMeter = {
  released(poolType: PoolType, pool: string): void;
  round(outcome: "complete" | "failed"): void;
};

export type CleanerOptions = Pick<RoundOptions, "desk" | "findPod" | "nodeName"> & {
  readonly pods: { find(key: string): KnownPod | undefined; whenSynced(): Promise<void> };
  readonly log: Logger;
  readonly intervalMs?: number;
  /** Pods asked for in one round at most. */
  readonly lookups?: number;
  readonly after?: Delay;
  readonly meter?: CleanerMeter;
};

type Missed = { readonly record: ReservationRecord; readonly reason: string };

const INTERVAL_MS = 60_000;
const LOOKUPS = 250;
/** More misses in a row than this, and the reservation is released. */
const MISSES_MAX = 3;
const RELEASES_AT_ONCE = 64;

/**
 * Looks at the reservations when the pods of this node are known, and every minute from then on. One whose pod is missing
 * counts a miss; found again, the count is dropped; after more than three in a row it is released. A round that the API
 * or the store cut short counts nothing.
 */
export class Cleaner {
  readonly #options: CleanerOptions;
  readonly #after: Delay;
  readonly #stop = new AbortController();
  #misses = new Map<string, number>();
  #failure: string | undefined;
  #running: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(options: CleanerOptions) {
    this.#options = options;
    this.#after = options.after ?? realDelay;
  }

  start(): void {
    void this.#options.pods.whenSynced().then(() => this.#next());
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelPause?.();
    await this.#running;
  }

  #next(): void {
    if (this.#stop.signal.aborted) return;
    this.#running = this.#round().then(() => {
      if (this.#stop.signal.aborted) return;
      this.#cancelPause = this.#after(this.#options.intervalMs ?? INTERVAL_MS, () => this.#next());
    });
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#release(await this.#findDue());
      this.#options.meter?.round("complete");
      if (this.#failure !== undefined) log.info("stale reservations are looked for again");
      this.#failure = undefined;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.meter?.round("failed");
      const reason = describeError(error);
      if (reason !== this.#failure) log.error("the look for stale reservations was cut short", error);
      this.#failure = reason;
    }
  }

  /** Those that have been missed too often. What was found, or is no longer there, is counted from the start again. */
  async #findDue(): Promise<Missed[]> {
    const { lookups = LOOKUPS } = this.#options;
    const missesOf = (record: ReservationRecord) => this.#missesOf(record);
    const counts = new Map<string, number>();
    const due: Missed[] = [];
    await runRound(
      { ...this.#options, lookups, missesOf, signal: this.#stop.signal },
      {
        missed(record, reason) {
          const misses = missesOf(record) + 1;
          counts.set(identity(record), misses);
          if (misses > MISSES_MAX) due.push({ record, reason });
        },
        postponed(record) {
          const misses = missesOf(record);
          if (misses > 0) counts.set(identity(record), misses);
        },
      },
    );
    this.#misses = counts;
    return due;
  }

  #missesOf(record: ReservationRecord): number {
    return this.#misses.size === 0 ? 0 : (this.#misses.get(identity(record)) ?? 0);
  }

  async #release(due: readonly Missed[]): Promise<void> {
    for (let at = 0; at < due.length; at += RELEASES_AT_ONCE) {
      const some = due.slice(at, at + RELEASES_AT_ONCE);
      await Promise.all(some.map((missed) => this.#releaseOne(missed)));
    }
  }

  /** By all that identifies it: one made anew meanwhile, for another container or at another time, is not the one meant. */
  async #releaseOne({ record, reason }: Missed): Promise<void> {
    const { pool, containerId, interfaceName, address, createdAtMs } = record;
    const target = { pool, attachment: { containerId, interfaceName }, address, createdAtMs };
    const released = await this.#options.desk.call("releaseReservations", [target]);
    this.#misses.delete(identity(record));
    if (released === 0) return;
    this.#options.meter?.released(pool.type, pool.name);
    this.#options.log.info("stale reservation released", {
      reason,
      pool: poolKey(pool),
      address: formatAddress(address),
      containerId,
      interfaceName,
      pod: `${record.podNamespace}/${record.podName}`,
      podUid: record.podUid,
    });
  }
}

function identity({ pool, containerId, interfaceName, createdAtMs, address }: ReservationRecord): string {
  return JSON.stringify([poolKey(pool), containerId, interfaceName, createdAtMs, formatAddress(address)]);
}
