// SPDX-License-Identifier: Apache-2.0
// The image as scripts/image makes it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Outcome, run } from "../support/executables.ts";

type Teardown = { teardown(end: () => unknown): void };

export const repository = resolve(import.meta.dirname, "../..");

/** A directory for one test, which everybody may enter. */
export function makeDirectory(t: Teardown): string {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-image-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  execFileSync("chmod", ["755", dir]);
  return dir;
}

/** scripts/image; `env` is added to this process's. */
export function runImage(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return run(join(repository, "scripts/image"), args, { env: { ...process.env, ...env } });
}

/** The same; throws with what it said when it fails. */
export async function makeImage(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, stdout, stderr } = await runImage(args, env);
  if (status !== 0) throw new Error(`scripts/image ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

export type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

export type Manifest = { readonly config: Descriptor; readonly layers: readonly Descriptor[] };

/** An archive, unpacked. */
export type Layout = {
  /** The files of the archive. */
  readonly files: readonly string[];
  readText(file: string): string;
  /** Path of a blob. */
  blob(descriptor: Pick<Descriptor, "digest">): string;
};

export function openLayout(archive: string, dir: string): Layout {
  mkdirSync(dir, { recursive: true });
  execFileSync("tar", ["-xf", archive, "-C", dir]);
  return {
    files: readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
      .sort(),
    readText: (file) => readFileSync(join(dir, file), "utf8"),
    blob: ({ digest }) => join(dir, "blobs", digest.replace(":", "/")),
  };
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}
