// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../log/printable.ts";

/** A manifest file: its text, or why there is none. */
export type ManifestFile = {
  readonly name: string;
  /** Differs whenever text or problem does. */
  readonly digest: string;
  /** Inode, size and times: as long as they stay, so does the text. Absent where that is not sure. */
  readonly stamp?: string;
} & ({ readonly text: string } | { readonly problem: string });

export type ManifestDirectory = {
  /** By name. */
  readonly files: readonly ManifestFile[];
  /** Why the directory cannot be read. */
  readonly problem?: string;
};

/** Some ten thousand Node manifests; parsing that much holds the main thread for a second or two, once per change. */
export const LARGEST_FILE_BYTES = 1024 * 1024;

const EXTENSION = /\.(yaml|yml|json)$/;

/** Times of files go in steps of some milliseconds, so a younger file can change without a trace in them. */
const SURE_AFTER_MS = 1_000;

/**
 * All manifest files as they are now. Hidden ones (..data of mounted ConfigMaps, editors' drafts) are none. Files that are
 * as they were `before` are not read again: thousands of them are looked at every few seconds. Never rejects.
 */
export async function readManifestDirectory(
  dir: string,
  before?: ManifestDirectory,
): Promise<ManifestDirectory> {
  try {
    const names = (await readdir(dir)).filter((name) => EXTENSION.test(name) && !name.startsWith(".")).sort();
    const files: ManifestFile[] = [];
    const known = new Map(before?.files.map((file) => [file.name, file]));
    for (const name of names) {
      const file = await readManifestFile(dir, name, known.get(name));
      if (file !== undefined) files.push(file);
    }
    return { files };
  } catch (error) {
    return { files: [], problem: `directory ${dir} cannot be read: ${describeError(error)}` };
  }
}

/** undefined: the file went away meanwhile. */
async function readManifestFile(
  dir: string,
  name: string,
  before: ManifestFile | undefined,
): Promise<ManifestFile | undefined> {
  const path = join(dir, name);
  try {
    if (before?.stamp !== undefined && stampOf(await stat(path, { bigint: true })) === before.stamp)
      return before;
    const { bytes, found } = await readRegularFile(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const sure = Math.abs(Date.now() - Number(found.ctimeMs)) > SURE_AFTER_MS;
    const digest = createHash("sha256").update(bytes).digest("hex");
    return { name, digest, ...(sure && { stamp: stampOf(found) }), text };
  } catch (error) {
    if (codeOf(error) === "ENOENT" && !(await exists(path))) return undefined;
    const problem =
      codeOf(error) === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "is not UTF-8" : describeError(error);
    return { name, digest: problem, problem };
  }
}

/** Never waits for the writer of a pipe, never reads more than the bound. */
async function readRegularFile(path: string): Promise<{ bytes: Uint8Array; found: BigIntStats }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error("is not a regular file");
    const bytes = await readUpTo(file, Math.min(found.size, LARGEST_FILE_BYTES) + 1);
    if (bytes.length > LARGEST_FILE_BYTES) {
      throw new Error(`is larger than ${LARGEST_FILE_BYTES} bytes: split it into several files`);
    }
    // Asked again after reading: what was written meanwhile counts as new. Unlike mtime, ctime cannot be set.
    return { bytes, found: await file.stat({ bigint: true }) };
  } finally {
    await file.close();
  }
}

/** Reads on while the file grows, up to the bound. */
async function readUpTo(file: FileHandle, firstBytes: number): Promise<Uint8Array> {
  let buffer = new Uint8Array(firstBytes);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length > LARGEST_FILE_BYTES) return buffer.subarray(0, length);
    if (length === buffer.length) {
      const larger = new Uint8Array(LARGEST_FILE_BYTES + 1);
      larger.set(buffer);
      buffer = larger;
    }
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
