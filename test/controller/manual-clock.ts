// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../../lib/controller/clock.ts";

export type ManualClock = Clock & {
  /** Lets time pass; what falls due runs in its order, each at its own moment, and what it awaits settles in between. */
  pass(ms: number): Promise<void>;
};

/** Time that passes only when the test says so. */
export function manualClock(): ManualClock {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const settle = () => new Promise<void>((done) => setImmediate(done));
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async pass(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...timers].sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined || next.atMs > endMs) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await settle();
      }
      nowMs = endMs;
    },
  };
}
