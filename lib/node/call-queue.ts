// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import type { Caller } from "./call.ts";
import type { CallOutcome, QueuedCall } from "./thread-messages.ts";

/** A call with whom to tell how it ended. */
export type WaitingCall = {
  readonly call: QueuedCall;
  readonly caller: Caller | undefined;
  settle(outcome: CallOutcome): void;
  /** Its turn never came. */
  cancel(): void;
};

/** A full queue is gone through this often, not for every call that it refuses. */
const SWEEP_MS = 100;
/** A queue of thousands is worked off in less than this where the disk is healthy. */
const RETRY_AFTER_MS = 500;

/**
 * Calls that wait for the batch before theirs, so many at most. One whose caller has gone meanwhile leaves the queue at its
 * turn, or soon when its place is needed; nothing listens for that, because every call would pay for it.
 */
export class CallQueue {
  #waiting: WaitingCall[] = [];
  readonly #bound: number;
  #sweptAtMs = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves with the call's outcome; rejects with Canceled when its caller has gone first, ResourceExhausted when full. */
  push(call: QueuedCall, caller?: Caller): Promise<CallOutcome> {
    if (caller?.aborted) return Promise.reject(canceled());
    // What the daemon itself asks for is never refused: without its shares it would serve nobody.
    if (this.#isFull() && call.name !== "setShares") {
      const message = `the queue of the store is full: ${this.#bound} calls are waiting already, and nothing was done for this one; try again in a second`;
      return Promise.reject(new RpcError(Code.ResourceExhausted, message, { retryAfterMs: RETRY_AFTER_MS }));
    }
    return new Promise((settle, reject) => {
      this.#waiting.push({ call, caller, settle, cancel: () => reject(canceled()) });
    });
  }

  /** Takes out the calls that have waited longest, in order, and drops those that nobody waits for any more. */
  take(most: number): WaitingCall[] {
    const taken: WaitingCall[] = [];
    let looked = 0;
    for (; looked < this.#waiting.length && taken.length < most; looked++) {
      const one = this.#waiting[looked]!;
      if (one.caller?.aborted) one.cancel();
      else taken.push(one);
    }
    this.#waiting.splice(0, looked);
    return taken;
  }

  #isFull(): boolean {
    if (this.#waiting.length < this.#bound) return false;
    const nowMs = performance.now();
    if (nowMs - this.#sweptAtMs >= SWEEP_MS) {
      this.#sweptAtMs = nowMs;
      for (const one of this.#waiting) if (one.caller?.aborted) one.cancel();
      this.#waiting = this.#waiting.filter(({ caller }) => !caller?.aborted);
    }
    return this.#waiting.length >= this.#bound;
  }
}

function canceled(): RpcError {
  return new RpcError(Code.Canceled, "request has been canceled");
}
