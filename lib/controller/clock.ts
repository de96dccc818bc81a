// SPDX-License-Identifier: Apache-2.0

/** Time as the controller's queue sees it; a test brings its own. */
export type Clock = {
  /** Milliseconds from any point on; never goes back. */
  now(): number;
  /** Calls `run` once after `delayMs`; the function it gives takes that back. */
  after(delayMs: number, run: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
