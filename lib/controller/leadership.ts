// SPDX-License-Identifier: Apache-2.0

/** The right to be the one controller that writes. */
export type Leadership = {
  readonly whenElected: Promise<void>;
  /** Resolves when it was lost after it was won. */
  readonly lost: Promise<Error>;
  /** Gives it back, so that another controller need not wait for the lease to run out. */
  stop(): Promise<void>;
};
