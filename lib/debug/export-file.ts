// SPDX-License-Identifier: Apache-2.0
import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { OWNER_ONLY, replaceFile } from "../node/replace-file.ts";

/** Writes an export whole to a new file or over an earlier one. Rejects with an Error that names the file. */
export async function writeExport(file: string, content: string, storeFile: string): Promise<void> {
  const path = resolve(file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile())
    throw new Error(`--output ${file} is not a regular file: leave --output out to write to standard output`);
  if (found !== undefined && realpathSync(path) === realPathOf(storeFile))
    throw new Error(`--output ${file} is the store itself: stop the daemon and use --in-place`);
  await replaceFile(path, { content: Buffer.from(content), mode: OWNER_ONLY }).catch((error: unknown) => {
    throw new Error(`cannot write ${file}`, { cause: error });
  });
}

function realPathOf(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false }) && realpathSync(path);
}
