// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from "node:fs";
import { isPageSize, readLog } from "./store-log.ts";
import { logOf } from "./store-log-file.ts";

/** A database's pages as far as they are there, those of the log before those of the file. */
export type Pages = {
  readonly size: number;
  /** So many there are at most; their numbers begin with 1. */
  readonly count: number;
  find(number: number): Buffer | undefined;
};

/** What SQLite gives a database that it creates, see recover-tree.ts for what else is taken for granted. */
const PAGE_BYTES = 4096;

/** Reads store and log; nobody has them open. A missing file has no pages. Throws what the system refuses. */
export function readPages(path: string): Pages {
  const file = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const log = readLog(existsSync(logOf(path)) ? readFileSync(logOf(path)) : Buffer.alloc(0));
  const size = log.pageSize || pageSizeOf(file);
  return {
    size,
    count: Math.max(Math.ceil(file.length / size), log.pageCount),
    find(number) {
      const newer = log.pages.get(number);
      if (newer !== undefined) return newer;
      const page = file.subarray((number - 1) * size, number * size);
      return page.length === size ? page : undefined;
    },
  };
}

/** A header that is not to be believed names no size. */
function pageSizeOf(file: Buffer): number {
  if (file.length < 100) return PAGE_BYTES;
  const named = file.readUInt16BE(16);
  const size = named === 1 ? 65536 : named;
  return isPageSize(size) && file.length % size === 0 ? size : PAGE_BYTES;
}
