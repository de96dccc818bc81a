// SPDX-License-Identifier: Apache-2.0
// What the main thread and the store thread send each other; structured clone carries all of it, bigints included.
import type { CallName, Calls } from "./call.ts";
import type { OpenOptions } from "./store-open.ts";

/** The store thread's workerData. */
export type StoreThreadData = { readonly storeFile: string; readonly options: OpenOptions };

/** One call, in a shape that keeps name and request together. */
export type QueuedCall<Names extends CallName = CallName> = {
  [N in Names]: { readonly name: N; readonly request: Calls[N]["request"] };
}[Names];

/** How a call ended; an error as its parts, because classes do not survive the way between threads. */
export type CallOutcome =
  | { readonly ok: true; readonly answer: Calls[CallName]["answer"] }
  | { readonly ok: false; readonly code: number; readonly message: string };

/** To the store thread: the next batch, or that there will be none. */
export type ToStore =
  | { readonly kind: "batch"; readonly calls: readonly QueuedCall[] }
  | { readonly kind: "stop" };

/** From the store thread. */
export type FromStore =
  | { readonly kind: "opened" }
  /** Another process has the store, or a restart or an administrator is needed. */
  | { readonly kind: "not-opened"; readonly message: string }
  /** The store is there and unusable: nothing will be answered. */
  | { readonly kind: "fault"; readonly message: string }
  /** In the order of the batch; sent after its commit. */
  | { readonly kind: "answers"; readonly outcomes: readonly CallOutcome[]; readonly committed: boolean };
