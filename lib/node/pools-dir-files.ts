// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A manifest file: its text, or why there is none. */
export type ManifestFile = {
  readonly name: string;
  /** Differs whenever text or problem does. */
  readonly digest: string;
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

/** All manifest files as they are now. Hidden ones (..data of mounted ConfigMaps, editors' drafts) are none. Never rejects. */
export async function readManifestDirectory(dir: string): Promise<ManifestDirectory> {
  try {
    const names = (await readdir(dir)).filter((name) => EXTENSION.test(name) && !name.startsWith(".")).sort();
    const files: ManifestFile[] = [];
    for (const name of names) {
      const file = await readManifestFile(dir, name);
      if (file !== undefined) files.push(file);
    }
    return { files };
  } catch (error) {
    return { files: [], problem: `directory ${dir} cannot be read: ${reasonOf(error)}` };
  }
}

/** undefined: the file went away meanwhile. */
async function readManifestFile(dir: string, name: string): Promise<ManifestFile | undefined> {
  const path = join(dir, name);
  try {
    const bytes = await readRegularFile(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { name, digest: createHash("sha256").update(bytes).digest("hex"), text };
  } catch (error) {
    if (codeOf(error) === "ENOENT" && !(await exists(path))) return undefined;
    const problem = codeOf(error) === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "is not UTF-8" : reasonOf(error);
    return { name, digest: problem, problem };
  }
}

/** Never waits for the writer of a pipe, never reads more than the bound. */
async function readRegularFile(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error("is not a regular file");
    const bytes = await readUpTo(file, Math.min(stat.size, LARGEST_FILE_BYTES) + 1);
    if (bytes.length > LARGEST_FILE_BYTES) {
      throw new Error(`is larger than ${LARGEST_FILE_BYTES} bytes: split it into several files`);
    }
    return bytes;
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

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
