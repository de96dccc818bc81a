// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from "node:sqlite";
import { Code } from "../rpc/code.ts";
import { causeText } from "../rpc/error.ts";
import { PoolTable } from "./pool-table.ts";
import { Store } from "./store.ts";
import { runBatch } from "./store-batch.ts";
import { isDamage, isFull } from "./store-failure.ts";
import { keepSpareLog } from "./store-log-file.ts";
import { StorePlace } from "./store-place.ts";
import { damage, faultMessage } from "./store-problem.ts";
import { StoreRoom } from "./store-room.ts";
import type { CallOutcome, QueuedCall } from "./thread-messages.ts";

export type SessionResult = {
  readonly outcomes: readonly CallOutcome[];
  /** Whether something went to the disk. */
  readonly committed: boolean;
  /** How long the commit took; 0 when nothing went to the disk. */
  readonly commitMs: number;
  readonly fault?: StoreFault;
};

/** Why there must be no further batch. */
export type StoreFault = {
  readonly message: string;
  /** The files are damaged; else they are others than those that were opened. */
  readonly isDamage: boolean;
};

type Room = Pick<StoreRoom, "extend" | "isEnough">;

/** The calls that go on when the disk is full. */
const RELEASES: ReadonlySet<string> = new Set(["deallocate", "collectGarbage", "releaseReservations"]);

/** The open store with the picture of it in memory, and the rule that no batch runs on a picture that may be wrong. */
export class StoreSession {
  readonly table = new PoolTable();
  readonly #path: string;
  readonly #store: Store;
  readonly #place: StorePlace;
  readonly #room: Room;
  #loaded = false;

  /** `db`: opened by openStore. */
  constructor(path: string, db: DatabaseSync, room: Room = new StoreRoom(db, path)) {
    this.#path = path;
    this.#store = new Store(db);
    this.#place = new StorePlace(path);
    this.#room = room;
  }

  /** Makes the picture from what the store holds; throws the database's error. */
  load(): void {
    this.#loaded = false;
    this.table.load(this.#store.read);
    this.#loaded = true;
  }

  /** Looks after the store's files while nobody calls. What goes wrong with that shows in the next batch. */
  look(): StoreFault | undefined {
    try {
      if (!this.#place.isHeld()) return this.#displaced();
      this.#room.extend();
    } catch (error) {
      return this.#faultOf(error);
    }
    return undefined;
  }

  /**
   * Runs one batch. After one that failed the picture is made anew before the next. On a full disk the calls that release
   * are run alone: they succeed where others do not, and would fail with them.
   */
  run(calls: readonly QueuedCall[]): SessionResult {
    const { failure, ...result } = this.#runOnce(calls);
    if (!isFull(failure)) return result;
    const some = calls.filter(({ name }) => RELEASES.has(name));
    if (some.length === 0 || some.length === calls.length) return result;
    const { failure: _again, ...released } = this.#runOnce(some);
    const outcomes = released.outcomes.values();
    const merged = calls.map((call, i) =>
      RELEASES.has(call.name) ? outcomes.next().value! : result.outcomes[i]!,
    );
    return { ...released, outcomes: merged };
  }

  /** `inOrder`: the file of the log is kept for the next start; not after damage, where all stays as it is. */
  close(inOrder = true): void {
    if (inOrder && this.#isHeld()) keepSpareLog(this.#path);
    this.#store.close();
  }

  #runOnce(calls: readonly QueuedCall[]): SessionResult & { readonly failure?: unknown } {
    let hasRoom: boolean;
    try {
      if (!this.#loaded) this.load();
      hasRoom = this.#room.isEnough();
    } catch (error) {
      if (!this.#isHeld()) return this.#gone(calls);
      const message = `failed to open store: ${causeText(error)}`;
      return { ...failed(calls, Code.Internal, message), ...this.#withFault(error) };
    }
    const { failure, ...result } = runBatch(this.#store, this.table, calls, hasRoom);
    if (failure !== undefined) this.#loaded = false;
    // Last of all: what was stored when the files had gone already would be forgotten.
    if (!this.#isHeld()) return this.#gone(calls);
    return { ...result, failure, ...this.#withFault(failure) };
  }

  #isHeld(): boolean {
    try {
      return this.#place.isHeld();
    } catch {
      return false; // what cannot be looked at is not there for the next start either
    }
  }

  #gone(calls: readonly QueuedCall[]): SessionResult {
    const fault = this.#displaced();
    return { ...failed(calls, Code.Unavailable, fault.message), fault };
  }

  #displaced(): StoreFault {
    const message = `store ${this.#path} or its -wal was removed or replaced while ipam-node runs on it; no address is given, because it would be forgotten: put both back and restart ipam-node, or restart it to go on with what is there now`;
    return { message, isDamage: false };
  }

  #withFault(error: unknown): { fault?: StoreFault } {
    const fault = this.#faultOf(error);
    return fault === undefined ? {} : { fault };
  }

  #faultOf(error: unknown): StoreFault | undefined {
    if (!isDamage(error)) return undefined;
    return { message: faultMessage(this.#path, damage(causeText(error))), isDamage: true };
  }
}

function failed(calls: readonly QueuedCall[], code: number, message: string): SessionResult {
  const outcome: CallOutcome = { ok: false, code, message };
  return { outcomes: calls.map(() => outcome), committed: false, commitMs: 0 };
}
