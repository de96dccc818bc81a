// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "./clock.ts";

/** How one reconcile ended. */
export type Outcome =
  | {
      readonly state: "done";
      /** Something was written: the next write of this key waits for its pace. */
      readonly wrote: boolean;
      /** When to look again, though nothing triggers it. */
      readonly againInMs?: number;
    }
  /** What it read was older than what the API has: to be tried again as soon as something newer comes. */
  | { readonly state: "stale" };

export type QueueOptions = {
  /** Rejects when it failed; it is called again for that key, later and later. */
  readonly reconcile: (key: string) => Promise<Outcome>;
  /** Says a failure; the queue itself logs nothing. */
  readonly onFailure: (key: string, error: unknown, againInMs: number) => void;
  /** How many keys wait or run, after each change. */
  readonly onDepth?: (depth: number) => void;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
  /** Keys that are worked on at the same time. */
  readonly concurrency?: number;
  /** From the end of a reconcile that wrote to the beginning of the next one of that key. */
  readonly paceMs?: number;
};

type Item = {
  /** When it is to run; undefined: it is not wanted. */
  dueAt: number | undefined;
  /** It does not run before. */
  notBefore: number;
  failures: number;
  running: boolean;
  /** Wanted again while it ran. */
  again: boolean;
  cancelTimer: (() => void) | undefined;
  /** Of the look that nothing triggers. */
  cancelAlarm: (() => void) | undefined;
};

type Backoff = { readonly baseMs: number; readonly maxMs: number };
const STALE: Backoff = { baseMs: 50, maxMs: 2000 };
const FAILURE: Backoff = { baseMs: 250, maxMs: 30_000 };
/** setTimeout takes no more than 2³¹ − 1; a day is soon enough to look again. */
const LONGEST_WAIT_MS = 86_400_000;

/**
 * Keys to reconcile: each at most once at a time and however often it was added in the meantime once more after that. The
 * first change of a key runs at once, those of the next `paceMs` after a write together. Before start() keys only gather.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #paceMs: number;
  readonly #items = new Map<string, Item>();
  readonly #ready: string[] = [];
  readonly #runs = new Set<Promise<void>>();
  #state: "gathering" | "working" | "stopped" = "gathering";

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#paceMs = options.paceMs ?? 1000;
  }

  add(key: string): void {
    if (this.#state === "stopped") return;
    const item = this.#items.get(key) ?? this.#create(key);
    const counted = item.running || item.dueAt !== undefined;
    if (item.running) item.again = true;
    else this.#plan(key, item, this.#options.clock.now());
    if (!counted) this.#reportDepth();
  }

  start(): void {
    if (this.#state !== "gathering") return;
    this.#state = "working";
    for (const [key, item] of this.#items) this.#arm(key, item);
  }

  /** No reconcile begins any more, from this call on; resolves when those that run have ended. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    for (const item of this.#items.values()) {
      item.cancelTimer?.();
      item.cancelAlarm?.();
    }
    this.#ready.length = 0;
    await Promise.all(this.#runs);
  }

  #create(key: string): Item {
    const item: Item = {
      dueAt: undefined,
      notBefore: 0,
      failures: 0,
      running: false,
      again: false,
      cancelTimer: undefined,
      cancelAlarm: undefined,
    };
    this.#items.set(key, item);
    return item;
  }

  /** The earlier of two wishes counts. */
  #plan(key: string, item: Item, at: number): void {
    const due = Math.max(at, item.notBefore);
    if (item.dueAt !== undefined && item.dueAt <= due) return;
    item.dueAt = due;
    this.#arm(key, item);
  }

  #arm(key: string, item: Item): void {
    if (this.#state !== "working" || item.dueAt === undefined || item.running) return;
    item.cancelTimer?.();
    // Never within the call that adds: changes that come in one piece are reconciled together.
    const waitMs = Math.max(0, item.dueAt - this.#options.clock.now());
    item.cancelTimer = this.#options.clock.after(waitMs, () => {
      item.cancelTimer = undefined;
      this.#ready.push(key);
      this.#pump();
    });
  }

  #pump(): void {
    const { concurrency = 2 } = this.#options;
    while (this.#state === "working" && this.#runs.size < concurrency && this.#ready.length > 0) {
      const key = this.#ready.shift()!;
      const run = this.#run(key, this.#items.get(key)!).finally(() => {
        this.#runs.delete(run);
        this.#pump();
      });
      this.#runs.add(run);
    }
  }

  async #run(key: string, item: Item): Promise<void> {
    const { clock } = this.#options;
    item.running = true;
    item.dueAt = undefined;
    item.cancelAlarm?.();
    item.cancelAlarm = undefined;
    const retryInMs = await this.#reconcile(key, item);
    item.running = false;
    if (this.#state === "stopped") return;
    const now = clock.now();
    if (item.again) this.#plan(key, item, now);
    item.again = false;
    if (retryInMs !== undefined) this.#plan(key, item, now + retryInMs);
    const idle = item.dueAt === undefined && item.cancelAlarm === undefined;
    if (idle && item.notBefore <= now) this.#items.delete(key);
    this.#reportDepth();
  }

  /** In how many milliseconds it is to be tried again; undefined: it is done. */
  async #reconcile(key: string, item: Item): Promise<number | undefined> {
    const { reconcile, onFailure, clock } = this.#options;
    try {
      const outcome = await reconcile(key);
      if (outcome.state === "stale") return this.#backoff(STALE, item);
      item.failures = 0;
      if (outcome.wrote) item.notBefore = clock.now() + this.#paceMs;
      if (outcome.againInMs !== undefined) this.#setAlarm(key, item, outcome.againInMs);
      return undefined;
    } catch (error) {
      const againInMs = Math.max(this.#backoff(FAILURE, item), pauseAskedFor(error));
      item.notBefore = clock.now() + againInMs;
      if (this.#state !== "stopped") onFailure(key, error, Math.round(againInMs));
      return againInMs;
    }
  }

  #setAlarm(key: string, item: Item, inMs: number): void {
    if (this.#state === "stopped") return;
    item.cancelAlarm = this.#options.clock.after(Math.min(inMs, LONGEST_WAIT_MS), () => {
      item.cancelAlarm = undefined;
      this.add(key);
    });
  }

  /** Doubled each time, with jitter: many keys that failed together do not come back together. */
  #backoff({ baseMs, maxMs }: Backoff, item: Item): number {
    const { random = Math.random } = this.#options;
    const fullMs = Math.min(baseMs * 2 ** item.failures, maxMs);
    item.failures++;
    return fullMs * (0.5 + random() / 2);
  }

  #reportDepth(): void {
    const { onDepth } = this.#options;
    if (onDepth === undefined) return;
    let depth = 0;
    for (const { dueAt, running } of this.#items.values()) if (running || dueAt !== undefined) depth++;
    onDepth(depth);
  }
}

/** How long the API wants to be left alone, where the failure is its answer. */
function pauseAskedFor(error: unknown): number {
  const asked = error instanceof Error && "retryAfterMs" in error ? error.retryAfterMs : undefined;
  return typeof asked === "number" ? asked : 0;
}
