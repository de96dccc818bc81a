// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import type { Desk, ShareUpdate } from "./call.ts";

export type ShareFeed = {
  /** Resolves after one attempt; a failed one is repeated until it succeeds or a newer update comes. Never rejects. */
  apply(update: ShareUpdate): Promise<void>;
  /** Whether the store has taken any update yet. */
  applied(): boolean;
  stop(): void;
};

export type ShareFeedOptions = {
  readonly desk: Desk;
  readonly log: Logger;
  /** Runs after each success. */
  readonly onApplied: () => void;
  /** Time to the first repetition; each next one takes twice as long, up to half a minute. */
  readonly retryMs?: number;
};

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** Hands what is known of the pools to the store, the newest update winning. */
export function createShareFeed(options: ShareFeedOptions): ShareFeed {
  const { desk, log, onApplied, retryMs = FIRST_RETRY_MS } = options;
  let due: ShareUpdate | undefined;
  let applied = false;
  let delayMs = retryMs;
  let timer: NodeJS.Timeout | undefined;

  async function attempt(): Promise<void> {
    clearTimeout(timer);
    const update = due;
    if (update === undefined) return;
    try {
      await desk.call("setShares", update);
      if (due === update) due = undefined;
      delayMs = retryMs;
      applied = true;
      onApplied();
    } catch (error) {
      if (due !== update) return; // a newer one is on its way and says for itself how it went
      log.error("the store did not take the pools, tried again later", error, { delayMs });
      timer = setTimeout(attempt, delayMs);
      delayMs = Math.min(delayMs * 2, LAST_RETRY_MS);
    }
  }

  return {
    apply(update) {
      due = update;
      return attempt();
    },
    applied: () => applied,
    stop() {
      due = undefined;
      clearTimeout(timer);
    },
  };
}
