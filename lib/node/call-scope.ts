// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import type { PoolTable } from "./pool-table.ts";
import type { StoreReader } from "./store-reader.ts";
import type { Transaction } from "./store-transaction.ts";

/** What one call works with, inside its savepoint. */
export type CallScope = {
  readonly tx: Transaction;
  readonly read: StoreReader;
  readonly table: PoolTable;
  /** When the batch began, milliseconds since the epoch. */
  readonly nowMs: number;
  /** Where round robin has come to in the batch, by the pools' rows: written once, before the commit. */
  readonly lastGiven: Map<number, Address>;
  /** Does to the pool table what the call's rows say; run once the call has succeeded, so nothing is ever undone. */
  readonly onSuccess: (effect: () => void) => void;
  /** As onSuccess, once the batch is on the disk: for what the store does not hold, so that reading it anew cannot undo it. */
  readonly onCommit: (effect: () => void) => void;
};
