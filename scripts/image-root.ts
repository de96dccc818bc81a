// SPDX-License-Identifier: Apache-2.0
// The root file system, as a list of what is where, and laid out in a directory.
import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ImageFile } from "./image-spdx.ts";

/** Everything belongs to root; parents that are not named are made, 0755. */
export type Entry = { readonly path: string } & (
  | { readonly kind: "dir"; readonly mode: number }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "file"; readonly mode: number; readonly content: string | Buffer }
  /** `source` is a file of this machine. */
  | { readonly kind: "copy"; readonly mode: number; readonly source: string }
);

/** Makes a directory and its parents below `root`, each with this very mode, whatever the umask. */
function makeDir(root: string, path: string, mode = 0o755): void {
  if (dirname(path) !== path) makeDir(root, dirname(path));
  if (mkdirSync(join(root, path), { recursive: true }) !== undefined || mode !== 0o755 || path === "/")
    chmodSync(join(root, path), mode);
}

/** Lays one more entry into `root`. */
export function layEntry(root: string, entry: Entry): void {
  const at = join(root, entry.path);
  makeDir(root, dirname(entry.path));
  if (entry.kind === "dir") makeDir(root, entry.path, entry.mode);
  if (entry.kind === "link") symlinkSync(entry.target, at);
  if (entry.kind === "file") writeFileSync(at, entry.content);
  if (entry.kind === "copy") copyFileSync(entry.source, at, constants.COPYFILE_FICLONE);
  if (entry.kind !== "link") chmodSync(at, entry.mode);
}

/** Lays the entries into `root`, a directory that is empty or absent; throws an Error where it is neither. */
export function layRoot(root: string, entries: readonly Entry[]): void {
  mkdirSync(root, { recursive: true });
  if (readdirSync(root).length > 0)
    throw new Error(`${root} is not empty: remove it, or name another directory`);
  for (const entry of entries) layEntry(root, entry);
}

/** Gives everything below `root` one date (seconds since the epoch), children first. */
export function setDates(root: string, epoch: number): void {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) setDates(path, epoch);
    lutimesSync(path, epoch, epoch);
  }
}

/** The regular files below `root`, in the order of their paths, with their hashes. */
export function listFiles(root: string): ImageFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => {
      const data = readFileSync(file);
      const hash = (algorithm: string) => createHash(algorithm).update(data).digest("hex");
      return { path: file.slice(root.length), sha1: hash("sha1"), sha256: hash("sha256") };
    });
}
