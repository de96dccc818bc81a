// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from "./work-queue.ts";

/** One kind of work: what triggers it, and what it does. The program gives each a queue of its own. */
export type Controller = {
  /** For the log, as "IPPool". */
  readonly name: string;
  /** Why it cannot work yet; undefined: it can. */
  notReady(): string | undefined;
  /** Resolves when everything it computes from is known. */
  whenReady(): Promise<void>;
  /** As whenReady, with all of it read anew after the call. */
  refresh(): Promise<void>;
  /** Calls `enqueue` with each key that needs work, from now on. */
  watch(enqueue: (key: string) => void): void;
  /** Rejects when it failed: to be tried again. */
  reconcile(key: string): Promise<Outcome>;
};
