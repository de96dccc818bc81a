// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

export type Rates = {
  /** Of 1000 calls so many fail, with this error. */
  readonly write?: number;
  readonly sync?: number;
  readonly read?: number;
  readonly error: "EIO" | "EROFS" | "ENOSPC";
};

/** Faults that a running daemon can be given; see chaos.c. They stay until they are taken away, also across restarts. */
export type Chaos = {
  /** Variables for the daemon's environment, LD_PRELOAD among them. */
  readonly env: Readonly<Record<string, string>>;
  failFiles(rates: Rates): void;
  healFiles(): void;
  setClockOffset(ms: number): void;
  /** How many file operations have failed so far. */
  failures(): number;
};

const CONTROL_BYTES = 32;
const RATES_AT = 8;
const FAILED_AT = 24;

/** Compiles chaos.c into `dir`: the path of the library. */
export function compileChaos(dir: string): string {
  const library = join(dir, "chaos.so");
  const source = join(import.meta.dirname, "chaos.c");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]);
  return library;
}

/** For one daemon, with what controls it in `dir`; it watches the files whose path starts with `path`. */
export function preloadChaos(library: string, dir: string, path: string): Chaos {
  const file = join(dir, "chaos");
  writeFileSync(file, Buffer.alloc(CONTROL_BYTES));
  const write = (bytes: Buffer, at: number): void => {
    const fd = openSync(file, "r+");
    writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
  };
  const writeRates = ({ write: w = 0, sync = 0, read = 0 }: Partial<Rates>, errnum: number): void =>
    write(Buffer.from(Uint32Array.of(w, sync, read, errnum).buffer), RATES_AT);
  return {
    env: { LD_PRELOAD: library, NV_CHAOS_FILE: file, NV_CHAOS_PATH: path },
    failFiles: (rates) => writeRates(rates, constants.errno[rates.error]),
    healFiles: () => writeRates({}, 0),
    setClockOffset: (ms) => write(Buffer.from(BigInt64Array.of(BigInt(ms)).buffer), 0),
    failures: () => {
      const bytes = Buffer.alloc(8);
      const fd = openSync(file, "r");
      readSync(fd, bytes, 0, 8, FAILED_AT);
      closeSync(fd);
      return Number(bytes.readBigUInt64LE());
    },
  };
}
