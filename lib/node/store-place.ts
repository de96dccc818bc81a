// SPDX-License-Identifier: Apache-2.0
import { statSync } from "node:fs";
import { logOf } from "./store-log-file.ts";

/**
 * Whether an open store's files are still the ones at its path. SQLite goes on with deleted files without a word, and all
 * that is stored then is forgotten at the next start.
 */
export class StorePlace {
  readonly #files: readonly string[];
  readonly #atOpening: string;

  /** `path`: of a store that is open, so that its log exists as well. */
  constructor(path: string) {
    this.#files = [path, logOf(path)];
    this.#atOpening = this.#look();
  }

  /** Throws the system's error when it cannot be known. */
  isHeld(): boolean {
    return this.#look() === this.#atOpening;
  }

  #look(): string {
    const found = this.#files.map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
    return found.map((stat) => (stat === undefined ? "none" : `${stat.dev} ${stat.ino}`)).join(", ");
  }
}
