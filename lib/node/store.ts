// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreReader } from "./store-reader.ts";
import { prepareWrites, Transaction, type Writes } from "./store-transaction.ts";

/** The open database. It reads at any time; writes exist only on a transaction, of which there is one at a time. */
export class Store {
  readonly read: StoreReader;
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #writes: Writes;
  #sequence: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.read = new StoreReader(db);
    this.#begin = db.prepare("BEGIN");
    this.#writes = prepareWrites(db);
    this.#sequence = this.read.lastSequence();
  }

  begin(): Transaction {
    this.#begin.run();
    return new Transaction(this.#db, this.#writes, () => ++this.#sequence);
  }

  /** Everything that is committed is in the file itself afterwards; the lock is free. */
  close(): void {
    this.#db.close();
  }
}
