// SPDX-License-Identifier: Apache-2.0
import { statSync } from "node:fs";
import { describeError } from "../log/printable.ts";
import type { Caller, CallName, Calls, Desk } from "./call.ts";
import type { StoreOrigin } from "./store-open.ts";
import { isRecoveryUnfinished } from "./store-recovered.ts";
import { type StoreThread, type StoreThreadOptions, startStoreThread } from "./store-thread.ts";

/** How often a store at fault is looked for a new one in its place. */
const LOOK_MS = 1000;
/** The file itself is tried again after so long, and each time after twice that: it may be the disk that failed. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** A try reads the whole store: after it there is a pause of so many times what it took, however large the store is. */
const LEAST_REST = 5;

type Shares = Calls["setShares"]["request"];
type FaultListener = (fault: string | undefined) => void;

/**
 * The store that outlives its damage: while the file is at fault nobody has it open and every call is refused with the way
 * out. It is opened anew, with the shares that were served before, once another file has been put in its place (by
 * "ipam-node recover"), or once it is found whole: what the disk does not give back for a while looks like damage too. Each
 * try is the whole check of a start, in a thread of its own. A damaged daemon that only ended could not be repaired from
 * inside its container.
 */
export class StoreDesk implements Desk {
  /** Resolves when only a new process helps. */
  readonly died: Promise<Error>;
  readonly #options: StoreThreadOptions;
  readonly #listeners = new Set<FaultListener>();
  readonly #resolveDied: (error: Error) => void;
  #thread: StoreThread;
  #shares: Shares | undefined;
  /** Why the file that is in the store's place now has not been opened. */
  #obstacle: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #openedAtMs = performance.now();
  /** How long the file at fault is left alone, and until when. */
  #pauseMs = FIRST_PAUSE_MS;
  #pausedUntilMs = 0;
  #opening: Promise<void> | undefined;
  #stopped = false;

  /** Use startStore. `found`: which file was in the store's place before the thread was started. */
  constructor(options: StoreThreadOptions, thread: StoreThread, found: string) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.died = promise;
    this.#resolveDied = resolve;
    this.#thread = thread;
    this.#attach(thread, found);
  }

  call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    caller?: Caller,
  ): Promise<Calls[N]["answer"]> {
    if (name === "setShares") this.#shares = request as Shares;
    return this.#thread.call(name, request, caller);
  }

  /** Why nothing can be answered; undefined while all is well. */
  fault(): string | undefined {
    const fault = this.#thread.fault();
    return fault === undefined || this.#obstacle === undefined ? fault : `${fault} (${this.#obstacle})`;
  }

  /** Of the store that is open now. */
  get origin(): StoreOrigin {
    return this.#thread.origin;
  }

  /** Calls `listener` when a fault arises, when it is there after a try, and with undefined when it has gone, until stopped. */
  onFaultChange(listener: FaultListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns when the store is closed and its lock free. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#opening;
    await this.#thread.stop();
  }

  #attach(thread: StoreThread, found: string): void {
    // It may have made the file, or have found another one than was there before.
    const opened = thread.fault() === undefined ? lookAt(this.#options.storeFile) : found;
    this.#openedAtMs = performance.now();
    thread.onFaultChange(() => this.#tell(this.fault()));
    void thread.died.then(this.#resolveDied);
    // Not for a store whose files have gone: of two that are put back one would be opened without the other.
    void thread.ended.then(() => {
      if (performance.now() - this.#openedAtMs > LONGEST_PAUSE_MS) this.#pauseMs = FIRST_PAUSE_MS;
      this.#waitForBetter(opened);
    });
  }

  #tell(fault: string | undefined): void {
    for (const listener of this.#listeners) listener(fault);
  }

  /** Until another file than `faulty` is in the store's place, or that one may be tried again. */
  #waitForBetter(faulty: string): void {
    if (this.#stopped) return;
    this.#pausedUntilMs = performance.now() + this.#pauseMs;
    this.#look(faulty);
  }

  #look(faulty: string): void {
    this.#timer = setTimeout(() => {
      const { storeFile } = this.#options;
      const found = lookAt(storeFile);
      const isPaused = found === faulty && performance.now() < this.#pausedUntilMs;
      if (found === "" || isPaused || isRecoveryUnfinished(storeFile)) return this.#look(faulty);
      if (found !== faulty) this.#pauseMs = FIRST_PAUSE_MS;
      this.#opening = this.#open(found);
    }, LOOK_MS);
  }

  async #open(found: string): Promise<void> {
    const beganMs = performance.now();
    let thread: StoreThread | undefined;
    try {
      thread = await startStoreThread(this.#options);
      await this.#serveShares(thread);
      this.#lengthenPause(performance.now() - beganMs);
      this.#obstacle = undefined;
      this.#thread = thread;
      this.#attach(thread, found);
    } catch (error) {
      await thread?.stop();
      this.#lengthenPause(performance.now() - beganMs);
      this.#obstacle = describeError(error);
      this.#waitForBetter(found);
    }
    this.#tell(this.fault());
  }

  #lengthenPause(tookMs: number): void {
    this.#pauseMs = Math.max(Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS), LEAST_REST * tookMs);
  }

  /** The new store gets what the old one was told last. Rejects when it does not take it, unless it is at fault then. */
  async #serveShares(thread: StoreThread): Promise<void> {
    for (let served: Shares | undefined; this.#shares !== served && thread.fault() === undefined; ) {
      const shares: Shares = this.#shares!;
      await thread.call("setShares", shares).catch((error: unknown) => {
        if (thread.fault() === undefined) throw error;
      });
      served = shares;
    }
  }
}

/** As startStoreThread, for a store that can be recovered while the daemon runs. */
export async function startStore(options: StoreThreadOptions): Promise<StoreDesk> {
  const found = lookAt(options.storeFile);
  return new StoreDesk(options, await startStoreThread(options), found);
}

/** Which file is at the path; "" when there is none, an empty one, or one that cannot be looked at now. */
function lookAt(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined || stat.size === 0n ? "" : `${stat.dev} ${stat.ino}`;
  } catch {
    return "";
  }
}
