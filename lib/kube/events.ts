// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { Backoff } from "./backoff.ts";
import type { Cluster } from "./cluster.ts";
import { hasStatus, KubeError } from "./error.ts";
import { eventName, type KubeEvent } from "./event-object.ts";
import { EventQueue } from "./event-queue.ts";
import { writeEvent } from "./event-writer.ts";
import { pause } from "./time-limit.ts";
import { Trouble } from "./trouble.ts";

export type EventRecorder = {
  /** Never throws and never waits: the event is written when the API lets it. */
  record(event: KubeEvent): void;
  /** Writes what waits, for up to 2 s; what is left then is lost. */
  stop(): Promise<void>;
};

export type EventRecorderOptions = {
  /** Who says it: "IPPoolController". */
  readonly component: string;
  readonly log: Logger;
  /** The same event is written at most once in this time; its count says how often it happened. */
  readonly sameEveryMs?: number;
};

const STOP_MS = 2000;
const MOST_TRIES = 5;

/** Core/v1 Events, written one after the other. */
export function createEventRecorder(cluster: Cluster, options: EventRecorderOptions): EventRecorder {
  const { component, log, sameEveryMs = 10_000 } = options;
  const queue = new EventQueue({ sameEveryMs });
  const trouble = new Trouble(log);
  const stopping = new AbortController();
  let stopped = false;
  let dropped = 0;
  let tellAt = 1; // then at ten times as many: a storm is told of in few lines
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const write = async (): Promise<void> => {
    for (let next = queue.take(); next !== undefined; next = queue.take()) {
      const { event, occurrence, known } = next;
      const send = () =>
        writeEvent(cluster, event, { component, occurrence, known, signal: stopping.signal });
      const count = await persist(send, trouble, stopping.signal);
      queue.done(next, count);
      if (stopping.signal.aborted) return;
    }
  };
  const wake = (): void => {
    if (writing !== undefined || stopped) return;
    clearTimeout(timer);
    writing = write().finally(() => {
      writing = undefined;
      const waitMs = queue.nextDueMs();
      if (waitMs !== undefined && !stopped) timer = setTimeout(wake, waitMs).unref();
    });
  };
  return {
    record(event) {
      if (stopped) return;
      dropped += queue.add(eventName(event, component), event);
      if (dropped >= tellAt) {
        log.warn("events were dropped, too many wait to be written", { dropped });
        tellAt = dropped * 10;
      }
      wake();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const giveUp = setTimeout(() => stopping.abort(new Error("stopped")), STOP_MS);
      await writing;
      queue.hurry();
      await write();
      clearTimeout(giveUp);
      if (queue.waiting > 0) log.warn("events were lost at the end", { lost: queue.waiting });
    },
  };
}

/** The count that `send` came to; undefined when it was given up. What the API refuses is not tried again. */
async function persist(
  send: () => Promise<number>,
  trouble: Trouble,
  signal: AbortSignal,
): Promise<number | undefined> {
  const backoff = new Backoff({ firstMs: 800, longestMs: 10_000 });
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      const count = await send();
      trouble.clear("events are written again");
      return count;
    } catch (error) {
      if (signal.aborted) return undefined;
      trouble.report("an event cannot be written", error);
      const isFinal = hasStatus(error, 400, 401, 403, 404, 405, 422);
      if (isFinal || tries === MOST_TRIES) return undefined;
      await pause(Math.max(backoff.next(), retryAfterOf(error)), signal);
    }
  }
  return undefined;
}

function retryAfterOf(error: unknown): number {
  return error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
}
