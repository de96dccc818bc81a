// SPDX-License-Identifier: Apache-2.0

/** Runs something later; what comes back calls it off. Waiting for it does not keep the process alive. */
export type Delay = (delayMs: number, run: () => void) => () => void;

export const realDelay: Delay = (delayMs, run) => {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
};
