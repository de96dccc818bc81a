// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from "node:sqlite";
import { Code } from "../rpc/code.ts";
import { PoolTable } from "./pool-table.ts";
import { Store } from "./store.ts";
import { runBatch } from "./store-batch.ts";
import { causeText, isDamage } from "./store-failure.ts";
import { faultMessage } from "./store-open.ts";
import { StorePlace } from "./store-place.ts";
import type { CallOutcome, QueuedCall } from "./thread-messages.ts";

export type SessionResult = {
  readonly outcomes: readonly CallOutcome[];
  /** Whether something went to the disk. */
  readonly committed: boolean;
  /** The store has turned out to be damaged or gone: there must be no further batch. */
  readonly fault?: string;
};

/** The open store with the picture of it in memory, and the rule that no batch runs on a picture that may be wrong. */
export class StoreSession {
  readonly table = new PoolTable();
  readonly #path: string;
  readonly #store: Store;
  readonly #place: StorePlace;
  #loaded = false;

  /** `db`: opened by openStore. */
  constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#store = new Store(db);
    this.#place = new StorePlace(path);
  }

  /** Makes the picture from what the store holds; throws the database's error. */
  load(): void {
    this.#loaded = false;
    this.table.load(this.#store.read);
    this.#loaded = true;
  }

  /** Runs one batch. After one that failed the picture is made anew before the next. */
  run(calls: readonly QueuedCall[]): SessionResult {
    try {
      if (!this.#place.isHeld()) return this.#displaced(calls);
      if (!this.#loaded) this.load();
    } catch (error) {
      const message = `failed to open store: ${causeText(error)}`;
      return { ...failed(calls, Code.Internal, message), ...this.#faultOf(error) };
    }
    const { outcomes, committed, failure } = runBatch(this.#store, this.table, calls);
    if (failure !== undefined) this.#loaded = false;
    return { outcomes, committed, ...this.#faultOf(failure) };
  }

  close(): void {
    this.#store.close();
  }

  #displaced(calls: readonly QueuedCall[]): SessionResult {
    const fault = `store ${this.#path} or its -wal was removed or replaced while ipam-node runs on it; no address is given, because it would be forgotten: stop ipam-node, put both back, and start it again`;
    return { ...failed(calls, Code.Unavailable, fault), fault };
  }

  #faultOf(error: unknown): { fault?: string } {
    return isDamage(error) ? { fault: faultMessage(this.#path, `is damaged (${causeText(error)})`) } : {};
  }
}

function failed(calls: readonly QueuedCall[], code: number, message: string): SessionResult {
  const outcome: CallOutcome = { ok: false, code, message };
  return { outcomes: calls.map(() => outcome), committed: false };
}
