// SPDX-License-Identifier: Apache-2.0
// The pools of a cluster, followed, and what they mean for this node brought to the store.
import { formatAddress } from "../ip/address.ts";
import type { LogFields, Logger } from "../log/log.ts";
import { describeError } from "../log/printable.ts";
import { type PoolRef, type PoolType, poolKey } from "../pool/pool.ts";
import { type OwnPool, toShareUpdate } from "./cluster-shares.ts";
import type { ShareTarget } from "./daemon.ts";
import { type Delay, realDelay } from "./delay.ts";
import { createReporter, type Note } from "./pools-dir-report.ts";

/** The pools of one kind, kept up to date by a watch. */
export type PoolCache = {
  list(): OwnPool[];
  /** From the first complete list on; never false again. */
  readonly synced: boolean;
  /** Why the cache may be old; undefined: it is not. */
  readonly trouble: string | undefined;
  onChange(listener: () => void): void;
  whenSynced(): Promise<void>;
};

export type ShareSourceOptions = {
  readonly caches: Readonly<Record<PoolType, PoolCache>>;
  readonly target: Pick<ShareTarget, "apply">;
  readonly log: Logger;
  readonly after?: Delay;
};

const TYPES: readonly PoolType[] = ["ippool", "cidrpool"];
const KINDS = { ippool: "IPPools", cidrpool: "CIDRPools" } as const;

/** A controller that writes many pools makes one update of them. */
const COALESCE_MS = 50;
const RETRY_MAX_MS = 10_000;

/**
 * Applies what the caches show: the first change at once, those of the next 50 ms together. A kind that has not been
 * listed yet keeps what the store has of it; before either has been, nothing is applied. What the store does not take is
 * tried again, ever more slowly.
 */
export class ClusterShareSource {
  readonly #options: ShareSourceOptions;
  readonly #after: Delay;
  readonly #report: (notes: readonly Note[]) => void;
  readonly #known = Promise.withResolvers<void>();
  #wanted = false;
  #running: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;
  #failures = 0;
  #failure: string | undefined;
  #applied: ReadonlySet<PoolType> = new Set();
  #stopped = false;

  constructor(options: ShareSourceOptions) {
    this.#options = options;
    this.#after = options.after ?? realDelay;
    this.#report = createReporter(options.log);
  }

  start(): void {
    for (const type of TYPES) {
      const cache = this.#options.caches[type];
      cache.onChange(() => this.#request());
      void cache.whenSynced().then(() => this.#request());
    }
  }

  /** What the store has not taken is tried again at once. */
  retry(): void {
    this.#failures = 0;
    if (!this.#wanted || this.#cancelPause === undefined) return;
    this.#cancelPause();
    this.#cancelPause = undefined;
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPause?.();
    await this.#running;
  }

  /** Resolves once both kinds have been listed and stored, or after `mostMs`. */
  async firstLook(mostMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = this.#after(mostMs, late.resolve);
    await Promise.race([this.#known.promise, late.promise]);
    cancel();
  }

  /** Why not all pools are known; undefined once both kinds have been listed and stored. */
  missing(): string | undefined {
    const reasons = TYPES.map((type) => this.#missingKind(type)).filter((reason) => reason !== undefined);
    return reasons.length === 0 ? undefined : [...new Set(reasons)].join("; ");
  }

  /** Why the share of a pool may be an older one than its manifest and status ask for; undefined when it is not. */
  staleReason(pool: PoolRef): string | undefined {
    const missing = this.#missingKind(pool.type);
    if (missing !== undefined) return missing;
    const { trouble } = this.#options.caches[pool.type];
    const own = this.#options.caches[pool.type].list().find((other) => poolKey(other.pool) === poolKey(pool));
    if (own !== undefined && "keep" in own.outcome) return own.outcome.keep;
    return trouble === undefined ? undefined : `the ${KINDS[pool.type]} cannot be followed: ${trouble}`;
  }

  #missingKind(type: PoolType): string | undefined {
    const { synced, trouble } = this.#options.caches[type];
    if (!synced) {
      return `the ${KINDS[type]} have not been read since the start${trouble === undefined ? "" : `: ${trouble}`}`;
    }
    if (this.#applied.has(type)) return undefined;
    return `the store has not taken the pools yet${this.#failure === undefined ? "" : `: ${this.#failure}`}`;
  }

  #request(): void {
    this.#wanted = true;
    if (this.#running === undefined && this.#cancelPause === undefined) this.#next();
  }

  #next(): void {
    if (this.#stopped || !this.#wanted) return;
    const { caches } = this.#options;
    const read = TYPES.filter((type) => caches[type].synced);
    if (read.length === 0) return;
    this.#wanted = false;
    this.#running = this.#apply(read).then((pauseMs) => {
      this.#running = undefined;
      if (this.#stopped) return;
      this.#cancelPause = this.#after(pauseMs, () => {
        this.#cancelPause = undefined;
        this.#next();
      });
    });
  }

  /** How long to wait before the next update, in milliseconds. */
  async #apply(read: readonly PoolType[]): Promise<number> {
    const { caches, target, log } = this.#options;
    const pools = read.flatMap((type) => caches[type].list());
    const unread = TYPES.filter((type) => !read.includes(type));
    try {
      await target.apply(toShareUpdate(pools, unread));
      this.#applied = new Set(read);
      if (unread.length === 0) this.#known.resolve();
      this.#failures = 0;
      this.#failure = undefined;
      this.#report(pools.map(noteOf));
      return COALESCE_MS;
    } catch (error) {
      const reason = describeError(error);
      if (reason !== this.#failure) log.error("the store did not take the pools, tried again", error);
      this.#failure = reason;
      this.#wanted = true;
      return Math.min(COALESCE_MS * 2 ** ++this.#failures, RETRY_MAX_MS);
    }
  }
}

function noteOf({ pool, outcome }: OwnPool): Note {
  const fields: LogFields = { pool: poolKey(pool) };
  if ("keep" in outcome)
    return { level: "error", message: "the pool's last good share stays", reason: outcome.keep, fields };
  if ("none" in outcome)
    return { level: "info", message: "no addresses for this node", reason: outcome.none, fields };
  const { family, first, last } = outcome.share.range;
  const range = [first, last].map((value) => formatAddress({ family, value })).join("-");
  return { level: "info", message: "pool served", fields: { ...fields, range } };
}
