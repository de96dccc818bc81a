// SPDX-License-Identifier: Apache-2.0
// Pools without Kubernetes: the manifests of a directory, followed while they change.
import type { Logger } from "../log/log.ts";
import { poolKey } from "../pool/pool.ts";
import { encodeShare, type Share } from "../pool/share.ts";
import type { ShareUpdate } from "./call.ts";
import { type ManifestDirectory, readManifestDirectory } from "./pools-dir-files.ts";
import { type PlacedManifest, parseManifestFile } from "./pools-dir-manifests.ts";
import { createReporter, type Note } from "./pools-dir-report.ts";
import { resolveShares } from "./pools-dir-shares.ts";
import { createWatch } from "./pools-dir-watch.ts";

/** Runs something later; what comes back calls it off. Waiting for it must not keep the process alive. */
export type Clock = { after(delayMs: number, run: () => void): () => void };

export type PoolsDirOptions = {
  readonly dir: string;
  readonly nodeName: string;
  readonly log: Logger;
  /** Takes over what is known of the pools; called only when that has changed. */
  readonly apply: (update: ShareUpdate) => Promise<void>;
  /** The shares from before the start, as the store remembers them; none when absent. Asked until it answers. */
  readonly lastShares?: () => Promise<readonly Share[]>;
  readonly clock?: Clock;
};

export type PoolsDirWatch = {
  /** Resolves after the first look at the directory, whatever came of it. */
  start(): Promise<void>;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
};

/** Events tell of most changes at once; links to elsewhere, network mounts and lost events need the rescan. */
export const RESCAN_MS = 10_000;
/** One edit makes several events. */
const SETTLE_MS = 100;

const realClock: Clock = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** Follows the manifests of `dir` until stopped. Whatever is wrong with them is logged once per change, and never thrown. */
export function watchPoolsDir(options: PoolsDirOptions): PoolsDirWatch {
  const { dir, log, clock = realClock } = options;
  const look = createLook(options);
  let stopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let failure: string | undefined;
  let cancelSettle: (() => void) | undefined;
  let cancelRescan: (() => void) | undefined;

  const watch = createWatch(dir, () => {
    cancelSettle ??= clock.after(SETTLE_MS, () => void run());
  });

  async function lookUntilSettled(): Promise<void> {
    do {
      again = false;
      cancelSettle?.();
      cancelSettle = undefined;
      const notes = await watch.renew();
      try {
        await look(notes);
        failure = undefined;
      } catch (error) {
        const reason = String(error);
        if (reason !== failure) log.error("pool manifests not applied, tried again later", error, { dir });
        failure = reason;
      }
    } while (again && !stopped);
  }

  function run(): Promise<void> {
    if (stopped) return Promise.resolve();
    again = true;
    running ??= lookUntilSettled().finally(() => {
      running = undefined;
      cancelRescan?.();
      if (!stopped) cancelRescan = clock.after(again ? 0 : RESCAN_MS, () => void run());
    });
    return running;
  }

  return {
    start: run,
    async stop() {
      stopped = true;
      watch.close();
      cancelSettle?.();
      cancelRescan?.();
      await running;
    },
  };
}

/** One look at the directory: reads, and where something is new, reports and applies. Rejects when it is not applied. */
function createLook({ dir, nodeName, log, apply, lastShares }: PoolsDirOptions) {
  const report = createReporter(log);
  let last: Map<string, Share> | undefined;
  let seen: string | undefined;
  let applied: string | undefined;

  return async (watchNotes: readonly Note[]): Promise<void> => {
    const directory = await readManifestDirectory(dir);
    const now = JSON.stringify([
      directory.problem,
      watchNotes,
      directory.files.map(({ name, digest }) => [name, digest]),
    ]);
    if (now === seen) return;
    last ??= new Map((await lastShares?.())?.map((share) => [poolKey(share.pool), share]));
    const { manifests, notes, unread } = readAll(directory);
    const resolved = resolveShares({ manifests, nodeName, last, ...(unread !== undefined && { unread }) });
    report([...watchNotes, ...notes, ...resolved.notes]);
    const text = JSON.stringify({ ...resolved.update, shares: resolved.update.shares.map(keyedText) });
    if (text !== applied) await apply(resolved.update);
    applied = text;
    seen = now;
    last = nextLast(last, resolved.update);
  };
}

function readAll({ files, problem }: ManifestDirectory): {
  manifests: PlacedManifest[];
  notes: Note[];
  unread: string | undefined;
} {
  const manifests: PlacedManifest[] = [];
  const notes: Note[] = [];
  let unread = problem;
  if (problem !== undefined)
    notes.push({ level: "error", message: "pools stay as they were", reason: problem });
  for (const file of files) {
    const read =
      "problem" in file
        ? { problem: file.problem, place: file.name }
        : parseManifestFile(file.name, file.text);
    if ("manifests" in read) manifests.push(...read.manifests);
    else {
      const { problem: reason, place } = read;
      notes.push({ level: "error", message: "manifest file skipped", place, reason, digest: file.digest });
      unread ??= `the manifest file ${place} cannot be read: ${reason}`;
    }
  }
  return { manifests, notes, unread };
}

function keyedText(share: Share): string {
  return `${poolKey(share.pool)} ${encodeShare(share)}`;
}

/** What the store remembers after the update. */
function nextLast(
  last: ReadonlyMap<string, Share>,
  { shares, keep, keepUnlisted }: ShareUpdate,
): Map<string, Share> {
  const kept = new Set(keep.map(({ pool }) => poolKey(pool)));
  const stay = [...last].filter(([key]) => keepUnlisted !== undefined || kept.has(key));
  return new Map([...stay, ...shares.map((share) => [poolKey(share.pool), share] as const)]);
}
