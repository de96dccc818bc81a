// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export type Disk = {
  /** Variables for the daemon's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** How many syncs were done so far. */
  syncs(): number;
  /** Cuts the power: undoes what was not synced and ends the process. */
  cutPower(): void;
};

/** disk.c, compiled into `dir`, watching the files whose path starts with `path`. */
export function preloadDisk(
  dir: string,
  path: string,
  settings: Readonly<Record<string, string>> = {},
): Disk {
  const library = join(dir, "disk.so");
  const source = resolve(import.meta.dirname, "disk.c");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"]);
  const fifo = join(dir, "power");
  execFileSync("mkfifo", [fifo]);
  const counter = join(dir, "syncs");
  return {
    env: {
      LD_PRELOAD: library,
      NV_DISK_PATH: path,
      NV_DISK_COUNT_FILE: counter,
      NV_DISK_POWER_FIFO: fifo,
      ...settings,
    },
    syncs: () => Number(readFileSync(counter).readBigUInt64LE()),
    cutPower: () => closeSync(openSync(fifo, "w")),
  };
}
