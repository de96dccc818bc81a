// SPDX-License-Identifier: Apache-2.0
// Pools without Kubernetes: the manifests of a directory, followed while they change.
import { type Clock, realClock } from "./pools-dir-clock.ts";
import { type ManifestDirectory, readManifestDirectory } from "./pools-dir-files.ts";
import { createLook, type LookOptions } from "./pools-dir-look.ts";
import { createWatch } from "./pools-dir-watch.ts";

export type PoolsDirOptions = LookOptions & { readonly dir: string; readonly clock?: Clock };

export type PoolsDirWatch = {
  /** Resolves after the first look at the directory, whatever came of it. */
  start(): Promise<void>;
  /** Looks once more, as soon as may be. */
  retry(): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
};

/** Events tell of most changes at once; links to elsewhere, network mounts and lost events need the rescan. */
export const RESCAN_MS = 10_000;
/** A directory is looked at when no event has come for this time: one edit makes several. */
export const SETTLE_MS = 100;
/** A file that never comes to rest must not keep the others from being read. */
export const LONGEST_BURST_MS = 2_000;

/** Follows the manifests of `dir` until stopped. Whatever is wrong with them is logged once per change, and never thrown. */
export function watchPoolsDir(options: PoolsDirOptions): PoolsDirWatch {
  const { dir, log, clock = realClock } = options;
  const look = createLook({ ...options, clock });
  let directory: ManifestDirectory | undefined;
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let failure: string | undefined;
  /** When the first event came that no look has followed yet. */
  let burstSinceMs: number | undefined;
  let cancelNext = () => {};

  function lookIn(delayMs: number): void {
    cancelNext();
    cancelNext = stopped ? () => {} : clock.after(delayMs, () => void run());
  }

  const watch = createWatch(dir, () => {
    const now = clock.now();
    burstSinceMs ??= now;
    lookIn(Math.max(0, Math.min(SETTLE_MS, burstSinceMs + LONGEST_BURST_MS - now)));
  });

  async function lookOnce(): Promise<number | undefined> {
    again = false;
    burstSinceMs = undefined;
    cancelNext();
    const notes = await watch.renew();
    directory = await readManifestDirectory(dir, directory);
    try {
      const againMs = await look(directory, notes);
      failure = undefined;
      return againMs;
    } catch (error) {
      const reason = String(error);
      if (reason !== failure) log.error("pool manifests not applied, tried again later", error, { dir });
      failure = reason;
      return undefined;
    }
  }

  async function lookUntilSettled(): Promise<void> {
    let againMs: number | undefined;
    do {
      againMs = await lookOnce();
    } while (again && !stopped);
    // What came meanwhile is looked at sooner than that.
    if (burstSinceMs === undefined) lookIn(againMs ?? RESCAN_MS);
    running = undefined;
  }

  function run(): Promise<void> {
    if (stopped) return Promise.resolve();
    again = true;
    running ??= lookUntilSettled();
    return running;
  }

  return {
    start: run,
    retry: () => void run(),
    async stop() {
      stopped = true;
      watch.close();
      cancelNext();
      await running;
    },
  };
}
