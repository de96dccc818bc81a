// SPDX-License-Identifier: Apache-2.0
import { type Delay, realDelay } from "./delay.ts";

export type Clock = {
  /** Milliseconds since some moment; never set back. */
  now(): number;
  readonly after: Delay;
};

export const realClock: Clock = {
  now: () => performance.now(),
  after: realDelay,
};
