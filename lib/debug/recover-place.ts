// SPDX-License-Identifier: Apache-2.0
// Where a store is missing, one can be made of what the runtime remembers: also at a path that was mistyped.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * What speaks against a store at this path: one that was there leaves something with its name (STORE-wal-spare). Throws
 * where not even its directory is there, which no daemon makes.
 */
export function doubtPlace(storeFile: string): string[] {
  const directory = dirname(storeFile);
  const name = basename(storeFile);
  if (!existsSync(directory)) throw new Error(`there is no directory ${directory}: look at --store-file`);
  const isOfStore = (entry: string) =>
    entry === name || entry.startsWith(`${name}-`) || entry.startsWith(`${name}.`);
  if (readdirSync(directory).some(isOfStore)) return [];
  return [`nothing in ${directory} tells that there was a store "${name}": look at --store-file`];
}
