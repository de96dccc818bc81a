// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";

/** Whether the daemon serves, for its log, its probes and its health service. */
export class Readiness {
  readonly #findReason: () => string | undefined;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  #announced: string | undefined | null = null;

  /** `findReason`: why the daemon does not serve now; undefined when it does. */
  constructor(findReason: () => string | undefined, log: Logger) {
    this.#findReason = findReason;
    this.#log = log;
  }

  reason(): string | undefined {
    return this.#findReason();
  }

  serving(): boolean {
    return this.reason() === undefined;
  }

  /** Calls `listener` after each change until the function it gives is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called when something changed that the reason depends on: says each change once. */
  announce(): void {
    const reason = this.reason();
    if (reason === this.#announced) return;
    this.#announced = reason;
    if (reason === undefined) this.#log.info("ready");
    else this.#log.warn("not serving", { reason });
    for (const listener of this.#listeners) listener();
  }
}
