// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { describeError } from "../log/printable.ts";
import { Backoff } from "./backoff.ts";
import { describeResource } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { ConnectionError, hasStatus, KubeError } from "./error.ts";
import { listPages } from "./list-pages.ts";
import { type KubeObject, versionOf } from "./object.ts";
import type { Source } from "./source.ts";
import { pause } from "./time-limit.ts";
import { Trouble } from "./trouble.ts";
import { openWatch, type WatchEvent } from "./watch-events.ts";

export type ReflectorTiming = {
  /** A watch without a byte for so long is dead; bookmarks come about once a minute. */
  readonly silenceMs?: number;
  /** The first wait after a failure, once there was a list; it doubles up to `longestMs`. */
  readonly firstMs?: number;
  readonly longestMs?: number;
};

/** Where the objects go; what `begin` starts replaces all of them at `finish`. */
type Target = {
  upsert(object: KubeObject): void;
  remove(object: KubeObject): void;
  begin(): { take(object: KubeObject): void; finish(): void };
};

export type ReflectorOptions = {
  readonly cluster: Cluster;
  readonly source: Source;
  readonly cache: Target;
  readonly log: Logger;
  readonly timing?: ReflectorTiming;
};

const SILENCE_MS = 90_000;
const BACKOFF = { firstMs: 800, longestMs: 30_000 };
// The API may just be coming up beside this process.
const FIRST_START_MS = 100;
// A resource that is not installed yet, a rule that is missing: somebody is about to change that.
const LONGEST_WAIT_MISSING_MS = 5_000;
// A watch that lasted so long was a good one: the next failure is not in a row with the last.
const LASTING_MS = 5_000;

/** Lists, then watches from there on, for ever: what the API has is what the cache shows, however often it breaks. */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #what: string;
  readonly #trouble: Trouble;
  readonly #synced = Promise.withResolvers<void>();
  #stopped = false;
  /** Ends the turn under way. */
  #turning = new AbortController();
  /** Somebody waits for a list that begins from now on. */
  #renewal: PromiseWithResolvers<void> | undefined;
  #backoff: Backoff;
  #running: Promise<void> | undefined;
  #listed = false;
  /** Where the watch goes on; undefined: only a list tells. */
  #version: string | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#what = describeResource(options.source.resource);
    this.#trouble = new Trouble(options.log);
    this.#backoff = new Backoff({ ...this.#limits, firstMs: FIRST_START_MS });
  }

  get synced(): boolean {
    return this.#listed;
  }

  get trouble(): string | undefined {
    return this.#listed
      ? this.#trouble.current
      : (this.#trouble.current ?? `${this.#what} are not listed yet`);
  }

  get whenSynced(): Promise<void> {
    return this.#synced.promise;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Resolves when a list that began after the call is in the cache, however long that takes; a call while another waits
   * joins it. A watch can be dead for as long as `silenceMs` before anybody notices.
   */
  refresh(): Promise<void> {
    this.#renewal ??= Promise.withResolvers<void>();
    this.#turning.abort(new Error("listed anew"));
    return this.#renewal.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turning.abort(new Error("stopped"));
    await this.#running;
  }

  get #signal(): AbortSignal {
    return this.#turning.signal;
  }

  get #limits(): typeof BACKOFF {
    const { firstMs = BACKOFF.firstMs, longestMs = BACKOFF.longestMs } = this.#options.timing ?? {};
    return { firstMs, longestMs };
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#turning = new AbortController();
      const waitMs = await this.#turn().catch((error: unknown) => this.#failed(error));
      if (waitMs > 0) await pause(waitMs, this.#signal);
    }
  }

  /** One list if needed, one watch. Resolves with how long to wait before the next turn. */
  async #turn(): Promise<number> {
    const renewal = this.#renewal;
    if (renewal !== undefined) this.#version = undefined;
    this.#version ??= await this.#list();
    if (renewal !== undefined) {
      this.#renewal = undefined;
      renewal.resolve();
    }
    const { cluster, source, timing } = this.#options;
    const events = await openWatch(cluster, {
      source,
      version: this.#version,
      silenceMs: timing?.silenceMs ?? SILENCE_MS,
      signal: this.#signal,
    });
    this.#trouble.clear(`${this.#what} are up to date again`);
    return this.#follow(events);
  }

  async #list(): Promise<string> {
    const { cluster, source, cache } = this.#options;
    let next = cache.begin();
    const version = await listPages(cluster, {
      source,
      restart: () => {
        next = cache.begin();
      },
      take: (object) => next.take(object),
      signal: this.#signal,
    });
    next.finish();
    if (!this.#listed) this.#backoff = new Backoff(this.#limits);
    this.#listed = true;
    this.#synced.resolve();
    return version;
  }

  /** Takes events in until the watch ends or is cut; an event that cannot be taken in rejects. */
  async #follow(events: AsyncIterable<WatchEvent>): Promise<number> {
    const began = performance.now();
    const hasLasted = (): boolean => performance.now() - began > LASTING_MS;
    let progressed = false;
    try {
      for await (const event of events) {
        if (this.#signal.aborted) return 0;
        this.#take(event);
        progressed = true;
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) {
        // Events may be missing: the next one is a list.
        if (!hasStatus(error, 429)) this.#version = undefined;
        if (hasLasted()) this.#backoff.reset();
        throw error;
      }
      this.#options.log.info("a watch was cut, it goes on", { of: this.#what, err: describeError(error) }, 1);
    }
    if (progressed || hasLasted()) this.#backoff.reset();
    return this.#backoff.next();
  }

  #take({ type, object }: WatchEvent): void {
    const { cache } = this.#options;
    const version = versionOf(object);
    if (type === "upsert") cache.upsert(object);
    else if (type === "remove") cache.remove(object);
    this.#version = version;
  }

  #failed(error: unknown): number {
    if (this.#signal.aborted) return 0;
    if (!isResumable(error)) this.#version = undefined;
    if (hasStatus(error, 410)) {
      // Usual after a pause or a compaction: nothing is wrong, the list is due. All daemons learn it at once.
      this.#options.log.info("a watch is too old to go on, listing anew", { of: this.#what }, 1);
      return this.#backoff.next();
    }
    this.#trouble.report(
      this.#listed ? `${this.#what} may be out of date` : `waiting for ${this.#what}`,
      error,
    );
    const waitMs = this.#backoff.next(hasStatus(error, 403, 404) ? LONGEST_WAIT_MISSING_MS : undefined);
    return error instanceof KubeError ? Math.max(waitMs, error.retryAfterMs ?? 0) : waitMs;
  }
}

/** True: a watch can go on where it was. Else the version is gone, unknown to the server, or in doubt: a list tells. */
function isResumable(error: unknown): boolean {
  return error instanceof ConnectionError || hasStatus(error, 401, 403, 429, 500, 502, 503);
}
