// SPDX-License-Identifier: Apache-2.0
// What the main thread and the store thread send each other; structured clone carries all of it, bigints included. Each batch
// is one message in each direction.
import type { CallName, Calls } from "./call.ts";
import type { OpenOptions, StoreOrigin } from "./store-open.ts";

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

/** Calls one after another: the name, then what its request is made of; see call-packing.ts. */
export type PackedCalls = readonly unknown[];

/** Outcomes one after another: whether it succeeded, then the code and message, or what the answer is made of. */
export type PackedOutcomes = readonly unknown[];

/** To the store thread: the next batch, or that there will be none. */
export type ToStore = { readonly kind: "batch"; readonly calls: PackedCalls } | { readonly kind: "stop" };

/** From the store thread. */
export type FromStore =
  | ({ readonly kind: "opened" } & StoreOrigin)
  /** Another process has the store, or a restart or an administrator is needed. */
  | { readonly kind: "not-opened"; readonly message: string }
  /** The store is there and unusable: nothing will be answered. */
  | { readonly kind: "fault"; readonly message: string }
  /** In the order of the batch; sent after its commit. */
  | {
      readonly kind: "answers";
      readonly outcomes: PackedOutcomes;
      readonly committed: boolean;
      /** How long the commit took; 0 when nothing went to the disk. */
      readonly commitMs: number;
    };
