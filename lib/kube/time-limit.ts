// SPDX-License-Identifier: Apache-2.0
import { ConnectionError } from "./error.ts";

/** A time limit together with a caller's wish to stop, as one signal. Timers are monotonic: clock jumps do not matter. */
export type TimeLimit = {
  readonly signal: AbortSignal;
  /** From now on: aborts with `reason` unless touched every `ms`. */
  watchSilence(ms: number, reason: string): void;
  touch(): void;
  /** Must be called at the end: releases timer and listener. */
  end(): void;
};

/**
 * Runs from now on: after `ms` the signal aborts with a ConnectionError that says `reason`; when `outer` aborts, before or
 * after the call, with its reason.
 */
export function startTimeLimit(ms: number, reason: string, outer?: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const expire = (text: string): void => controller.abort(new ConnectionError(text));
  const follow = (): void => controller.abort(outer?.reason);
  let timer = setTimeout(expire, ms, reason);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    watchSilence(silenceMs, text) {
      clearTimeout(timer);
      timer = setTimeout(expire, silenceMs, text);
    },
    touch: () => void timer.refresh(),
    end() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", follow);
    },
  };
}

/** The promise, or the signal's reason when that comes first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Resolves after the time, or as soon as the signal aborts; never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
