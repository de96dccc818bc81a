// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { poolKey } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import { encodeShare } from "../pool/share-text.ts";
import type { ShareUpdate } from "./call.ts";
import type { Clock } from "./pools-dir-clock.ts";
import type { ManifestDirectory } from "./pools-dir-files.ts";
import { createHold, HOLD_MS } from "./pools-dir-hold.ts";
import { type PlacedManifest, parseManifestFile } from "./pools-dir-manifests.ts";
import { createReporter, type Note } from "./pools-dir-report.ts";
import { resolveShares } from "./pools-dir-shares.ts";

export type LookOptions = {
  readonly nodeName: string;
  readonly log: Logger;
  /** Takes over what is known of the pools; called only when that has changed. */
  readonly apply: (update: ShareUpdate) => Promise<void>;
  /** The shares from before the start, as the store remembers them; none when absent. Asked until it answers. */
  readonly lastShares?: () => Promise<readonly Share[]>;
  /** HOLD_MS unless told otherwise. */
  readonly holdMs?: number;
};

/**
 * Where something is new in a directory, reports and applies it. Resolves to the time in milliseconds after which it wants
 * to look again of itself; rejects when it is not applied.
 */
export function createLook(options: LookOptions & { readonly clock: Clock }) {
  const { nodeName, log, apply, lastShares, clock, holdMs = HOLD_MS } = options;
  const report = createReporter(log);
  const hold = createHold(clock, holdMs);
  let last: Map<string, Share> | undefined;
  let seen: string | undefined;
  let applied: string | undefined;

  return async (directory: ManifestDirectory, watchNotes: readonly Note[]): Promise<number | undefined> => {
    const now = JSON.stringify([fingerprint(directory), watchNotes]);
    if (now === seen) return undefined;
    last ??= new Map((await lastShares?.())?.map((share) => [poolKey(share.pool), share]));
    const { manifests, notes, unread } = readAll(directory);
    const resolved = resolveShares({ manifests, nodeName, last, ...(unread !== undefined && { unread }) });
    // Who edits and restarts means it: nothing is put off then.
    const putOff = applied === undefined ? undefined : hold(resolved.update, last);
    const update = putOff?.update ?? resolved.update;
    report([...watchNotes, ...notes, ...resolved.notes.filter((note) => !isAbout(note, putOff?.held))]);
    const text = JSON.stringify({ ...update, shares: update.shares.map(keyedText) });
    if (text !== applied) await apply(update);
    applied = text;
    seen = putOff === undefined ? now : undefined;
    last = nextLast(last, update);
    return putOff?.againMs;
  };
}

/** Everything that is read, as one text. */
function fingerprint({ problem, files }: ManifestDirectory): unknown {
  return [problem, files.map(({ name, digest }) => [name, digest])];
}

/** What is said of a pool is of what it would be: not yet, for one that was put off. */
function isAbout({ fields }: Note, pools: ReadonlySet<string> | undefined): boolean {
  return pools !== undefined && fields?.pool !== undefined && pools.has(String(fields.pool));
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
  if (manifests.length === 0 && notes.length === 0) notes.push(EMPTY);
  return { manifests, notes, unread };
}

const EMPTY: Note = {
  level: "warn",
  message: "the pools directory holds no manifest: pools go into files .yaml, .yml or .json",
};

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
