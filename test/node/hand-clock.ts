// SPDX-License-Identifier: Apache-2.0
import type { Delay } from "../../lib/node/delay.ts";

/** Time that stands still until a test moves it. */
export class HandClock {
  nowMs = 0;
  readonly #due: { readonly atMs: number; readonly run: () => void }[] = [];

  readonly after: Delay = (delayMs, run) => {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.#due.push(timer);
    return () => {
      const at = this.#due.indexOf(timer);
      if (at >= 0) this.#due.splice(at, 1);
    };
  };

  /** How long until each timer that runs, in milliseconds. */
  get pending(): number[] {
    return this.#due.map(({ atMs }) => atMs - this.nowMs);
  }

  /** Lets time pass, with what falls due meanwhile, in order, and whatever that sets off without time. */
  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    for (;;) {
      await settled();
      const next = this.#due.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = end;
  }
}

/** Everything that waits for promises only has run; two turns, for what the fakes answer in one. */
export async function settled(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}
