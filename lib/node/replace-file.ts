// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { type FileHandle, lstat, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Permission bits of what is its owner's alone. */
export const OWNER_ONLY = 0o600;

export type FileContent = {
  readonly content: Buffer;
  /** Permission bits, set whatever the umask says. */
  readonly mode: number;
};

// Younger ones may belong to another daemon that installs into the same directory at this moment.
const LEFTOVER_AGE_MS = 60_000;

const temporaryName = (name: string): string => `.${name}.${randomBytes(8).toString("hex")}.tmp`;
const isTemporary = (name: string, of: string): boolean =>
  name.startsWith(`.${of}.`) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(of.length + 2));

const unlessGone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== "ENOENT") throw error;
};

async function isSame(path: string, { content, mode }: FileContent): Promise<boolean> {
  const found = await lstat(path).catch(unlessGone);
  if (!found?.isFile() || (found.mode & 0o7777) !== mode || found.size !== content.length) return false;
  return content.equals(await readFile(path));
}

async function removeLeftovers(path: string): Promise<void> {
  const dir = dirname(path);
  for (const name of await readdir(dir)) {
    if (!isTemporary(name, basename(path))) continue;
    const found = await lstat(join(dir, name)).catch(unlessGone);
    if (found !== undefined && Date.now() - found.mtimeMs > LEFTOVER_AGE_MS) {
      await unlink(join(dir, name)).catch(unlessGone);
    }
  }
}

async function fill(file: FileHandle, { content, mode }: FileContent): Promise<void> {
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const dir = await open(path, "r");
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

/**
 * Puts a file in place whole: written beside its place, synced, then renamed over it, so that readers see the old or
 * the new one and a program that runs from the old one keeps running. Temporary files of starts that were killed go.
 * False: the same file was there already and is untouched.
 */
export async function replaceFile(path: string, wanted: FileContent): Promise<boolean> {
  await removeLeftovers(path);
  if (await isSame(path, wanted)) return false;
  const temporary = join(dirname(path), temporaryName(basename(path)));
  const file = await open(temporary, "wx", OWNER_ONLY);
  try {
    await fill(file, wanted);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // the first error is the one that counts
    throw error;
  }
  await syncDirectory(dirname(path));
  return true;
}
