// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import type { CallOutcome, QueuedCall } from "./thread-messages.ts";

/** A call with whom to tell how it ended. */
export type WaitingCall = { readonly call: QueuedCall; readonly settle: (outcome: CallOutcome) => void };

/** Calls that wait for the batch before theirs. A caller that goes away while it waits leaves the queue. */
export class CallQueue {
  readonly #waiting = new Set<WaitingCall>();
  readonly #bound: number;

  constructor(bound: number) {
    this.#bound = bound;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Resolves with the call's outcome; rejects with Canceled when the signal comes first, ResourceExhausted when full. */
  push(call: QueuedCall, signal?: AbortSignal): Promise<CallOutcome> {
    if (signal?.aborted) return Promise.reject(canceled());
    // What the daemon itself asks for is never refused: without its shares it would serve nobody.
    if (this.#waiting.size >= this.#bound && call.name !== "setShares") {
      const message = `${this.#bound} calls are waiting for the store already, try again later`;
      return Promise.reject(new RpcError(Code.ResourceExhausted, message));
    }
    return new Promise((resolve, reject) => {
      const leave = () => this.#waiting.delete(waiting) && reject(canceled());
      const settle = (outcome: CallOutcome) => {
        signal?.removeEventListener("abort", leave);
        resolve(outcome);
      };
      const waiting = { call, settle };
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Takes out the calls that have waited longest, in order. */
  take(most: number): WaitingCall[] {
    const taken = [...this.#waiting].slice(0, most);
    for (const waiting of taken) this.#waiting.delete(waiting);
    return taken;
  }
}

function canceled(): RpcError {
  return new RpcError(Code.Canceled, "request has been canceled");
}
