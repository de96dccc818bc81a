// SPDX-License-Identifier: Apache-2.0

export type BackoffLimits = { readonly firstMs: number; readonly longestMs: number };

/** Doubling waits with jitter: a fleet of daemons that lost the same API must not come back at one instant. */
export class Backoff {
  readonly #limits: BackoffLimits;
  #nextMs: number;

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
    this.#nextMs = limits.firstMs;
  }

  /** The next wait in ms: between half of the step and the whole step, never above `atMostMs`. */
  next(atMostMs = Number.POSITIVE_INFINITY): number {
    const step = Math.min(this.#nextMs, atMostMs);
    this.#nextMs = Math.min(this.#nextMs * 2, this.#limits.longestMs);
    return step * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#nextMs = this.#limits.firstMs;
  }
}
