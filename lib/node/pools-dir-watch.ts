// SPDX-License-Identifier: Apache-2.0
import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { describeError } from "../log/printable.ts";
import type { Note } from "./pools-dir-report.ts";

export type DirectoryWatch = {
  /** Watches the directory that has the path now; says where that cannot be. Never rejects. */
  renew(): Promise<Note[]>;
  close(): void;
};

/** Calls `onChange` on events in the directory. It may be replaced, vanish and come back: renew() looks again. */
export function createWatch(dir: string, onChange: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  let watched: string | undefined;
  let closed = false;

  function drop(): void {
    watcher?.close();
    watcher = undefined;
    watched = undefined;
  }

  return {
    async renew() {
      try {
        const { dev, ino, birthtimeNs } = await stat(dir, { bigint: true });
        // A directory made anew may get the inode of the old one.
        const identity = `${dev}:${ino}:${birthtimeNs}`;
        if (closed || identity === watched) return [];
        drop();
        watcher = watch(dir, { persistent: false }, onChange);
        // An error ends it; the next renew() begins another one.
        watcher.on("error", drop);
        watched = identity;
        return [];
      } catch (error) {
        drop();
        // That the directory is not there is said by whoever reads it.
        if (error instanceof Error && "syscall" in error && error.syscall === "stat") return [];
        const reason = describeError(error);
        return [{ level: "warn", message: "changes of pool manifests are seen late", reason }];
      }
    },
    close() {
      closed = true;
      drop();
    },
  };
}
