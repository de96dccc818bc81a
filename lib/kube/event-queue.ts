// SPDX-License-Identifier: Apache-2.0
import type { KubeEvent } from "./event-object.ts";
import type { Occurrence } from "./event-writer.ts";

export type EventQueueOptions = {
  /** Between two writes of the same event. */
  readonly sameEveryMs: number;
  readonly mostEntries?: number;
};

/** One event and all that happened of it since it was written last. */
type Entry = {
  readonly name: string;
  readonly event: KubeEvent;
  /** Not yet told to the API. */
  pending: number;
  lastAt: Date;
  /** The count the API has; undefined: not known. */
  known: number | undefined;
  /** Monotonic, ms. */
  dueAt: number;
};

export type Taken = {
  readonly name: string;
  readonly event: KubeEvent;
  readonly occurrence: Occurrence;
  readonly known: number | undefined;
};

const MOST_ENTRIES = 512;

/** Events by name, bounded: of too many the one goes that was heard of longest ago, those that are written before others. */
export class EventQueue {
  readonly #sameEveryMs: number;
  readonly #mostEntries: number;
  /** The one that happened longest ago first. */
  readonly #entries = new Map<string, Entry>();
  #hurried = false;

  constructor({ sameEveryMs, mostEntries = MOST_ENTRIES }: EventQueueOptions) {
    this.#sameEveryMs = sameEveryMs;
    this.#mostEntries = mostEntries;
  }

  /** Returns how many unwritten events lost their place to this one. */
  add(name: string, event: KubeEvent): number {
    const entry = this.#entries.get(name) ?? {
      name,
      event,
      pending: 0,
      lastAt: new Date(),
      known: undefined,
      dueAt: 0,
    };
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    entry.pending++;
    entry.lastAt = new Date();
    if (this.#entries.size <= this.#mostEntries) return 0;
    const [oldest, ...others] = this.#entries.values();
    const spare = others.find(({ pending }) => pending === 0);
    const lost = oldest !== undefined && oldest.pending > 0 ? (spare ?? oldest) : oldest;
    if (lost !== undefined) this.#entries.delete(lost.name);
    return lost?.pending ?? 0;
  }

  /** The next one that may be written now. */
  take(): Taken | undefined {
    const now = performance.now();
    for (const entry of this.#entries.values()) {
      if (entry.pending === 0 || (entry.dueAt > now && !this.#hurried)) continue;
      const { name, event, known, pending: count, lastAt: at } = entry;
      entry.pending = 0;
      entry.dueAt = now + this.#sameEveryMs;
      return { name, event, occurrence: { count, at }, known };
    }
    return undefined;
  }

  /** `count`: what the API has now; undefined: it was not told, and what happened again meanwhile is told anew. */
  done({ name, known }: Taken, count: number | undefined): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.known = count ?? known;
  }

  /** How many events are not written yet, however often they happened. */
  get waiting(): number {
    return [...this.#entries.values()].filter(({ pending }) => pending > 0).length;
  }

  /** How long until one may be written; undefined: none waits. */
  nextDueMs(): number | undefined {
    const due = [...this.#entries.values()].filter(({ pending }) => pending > 0).map(({ dueAt }) => dueAt);
    return due.length === 0 ? undefined : Math.max(0, Math.min(...due) - performance.now());
  }

  /** What waits for its time need not any more. */
  hurry(): void {
    this.#hurried = true;
  }
}
