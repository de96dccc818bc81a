// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";

export type DiskOperation = "read" | "write" | "sync";

export type Disk = {
  /** Variables for the daemon's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** How many syncs were done so far. */
  syncs(): number;
  /** From now on every operation of these kinds fails with EIO, and no other. */
  fail(...kinds: readonly DiskOperation[]): void;
  /** Cuts the power: undoes what was not synced and ends the process. */
  cutPower(): void;
};

/** disk.c, compiled into `dir`, watching the files whose path starts with `path`. */
export function preloadDisk(
  dir: string,
  path: string,
  settings: Readonly<Record<string, string>> = {},
): Disk {
  const library = compile(dir, "disk");
  const fifo = join(dir, "power");
  execFileSync("mkfifo", [fifo]);
  const counter = join(dir, "syncs");
  const failing = join(dir, "failing");
  return {
    env: {
      LD_PRELOAD: library,
      NV_DISK_PATH: path,
      NV_DISK_COUNT_FILE: counter,
      NV_DISK_FAIL_FILE: failing,
      NV_DISK_POWER_FIFO: fifo,
      ...settings,
    },
    syncs: () => Number(readFileSync(counter).readBigUInt64LE()),
    fail: (...kinds) =>
      overwrite(
        failing,
        ["read", "write", "sync"].map((kind) => +kinds.includes(kind as DiskOperation)),
      ),
    cutPower: () => closeSync(openSync(fifo, "w")),
  };
}

/** In its place: whoever has mapped the file sees it. */
function overwrite(file: string, bytes: readonly number[]): void {
  const fd = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o600);
  writeSync(fd, Buffer.from(bytes), 0, bytes.length, 0);
  closeSync(fd);
}

export type WallClock = {
  /** Variables for a program's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on the wall clock is off by so many seconds. */
  jump(seconds: number): void;
};

/** clock.c, compiled into `dir`. */
export function preloadClock(dir: string): WallClock {
  const file = join(dir, "clock");
  const jump = (seconds: number): void => writeFileSync(file, `${seconds}`);
  jump(0);
  return { env: { LD_PRELOAD: compile(dir, "clock"), NV_CLOCK_FILE: file }, jump };
}

function compile(dir: string, name: string): string {
  const library = join(dir, `${name}.so`);
  const source = resolve(import.meta.dirname, `${name}.c`);
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"]);
  return library;
}
