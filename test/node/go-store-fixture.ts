// SPDX-License-Identifier: Apache-2.0
// What the tests of the Go daemon's store begin with: files that were written by Go, and changed ones with a right checksum.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { fnv1a32 } from "../../lib/node/go-store-checksum.ts";
import { formatGoStore } from "../../lib/node/go-store-write.ts";
import { readGoStore } from "../../lib/node/store-go-rows.ts";
import { openStore } from "../../lib/node/store-open.ts";

export type GoStoreFile = "written" | "odd";

/** "written": by a Go daemon; "odd": names, texts and times that are hard to get right, by Go's encoding/json. */
export const goStorePath = (name: GoStoreFile): string =>
  join(import.meta.dirname, "fixtures", `go-store-${name}.json`);

export const goStoreBytes = (name: GoStoreFile): Buffer => readFileSync(goStorePath(name));

/** The text with `change` done to it and the checksum put right again. */
export function resealed(change: (text: string) => string, name: GoStoreFile = "written"): string {
  const text = change(goStoreBytes(name).toString()).replace(/"checksum":\d+/, '"checksum":0');
  return text.replace('"checksum":0', `"checksum":${fnv1a32(Buffer.from(text))}`);
}

export type StorePlace = { readonly dir: string; readonly path: string; names(): string[] };

/** A directory of the test's own with a Go daemon's store in it. */
export function placeWith(t: Test, name?: GoStoreFile): StorePlace {
  const root = mkdtempSync(join(tmpdir(), "nv-ipam-go-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, "state");
  mkdirSync(dir);
  const path = join(dir, "store");
  if (name !== undefined) copyFileSync(goStorePath(name), path);
  return { dir, path, names: () => readdirSync(dir).sort() };
}

/** What a Go daemon would have of the database at `path`, which is opened, and imported if need be, as the daemon does. */
export function openedAsGo(path: string): Buffer {
  const outcome = openStore(path);
  if (outcome.status !== "ok") throw new Error(outcome.message);
  const bytes = formatGoStore(readGoStore(outcome.db));
  outcome.db.close();
  return bytes;
}
