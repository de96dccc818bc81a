// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { describeError } from "../log/printable.ts";

// An outage has few causes; a server that words each answer differently must not fill memory or log.
const MOST_REASONS = 16;

/** What keeps something from working, said once per reason until it works again. */
export class Trouble {
  readonly #log: Logger;
  readonly #told = new Set<string>();
  #current: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  get current(): string | undefined {
    return this.#current;
  }

  /** `message` is what follows from it; the reason stands beside it. */
  report(message: string, error: unknown): void {
    const reason = describeError(error);
    this.#current = reason;
    if (this.#told.has(reason) || this.#told.size >= MOST_REASONS) return;
    this.#told.add(reason);
    this.#log.warn(message, { err: reason });
  }

  /** It works (again); `message` is logged when trouble had been reported. */
  clear(message: string): void {
    if (this.#current !== undefined) this.#log.info(message);
    this.#current = undefined;
    this.#told.clear();
  }
}
