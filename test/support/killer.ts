// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Outcome, run } from "./executables.ts";

export type Killer = {
  /** Runs Node on a program until `step`, the next to be done, and kills it there; 0: to its end. */
  runUntil(step: number, program: string, args: readonly string[]): Promise<Outcome>;
  /** How many steps the last program had begun. */
  steps(): number;
};

/** killer.c, compiled into `dir`, looking at the files whose path starts with `path`. See skipUnless("gcc"). */
export function makeKiller(dir: string, path: string): Killer {
  const library = join(dir, "killer.so");
  const source = resolve(import.meta.dirname, "killer.c");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]);
  const counter = join(dir, "steps");
  return {
    runUntil: (step, program, args) =>
      run(process.execPath, ["--no-warnings", program, ...args], {
        env: {
          ...process.env,
          LD_PRELOAD: library,
          NV_KILL_PATH: path,
          NV_KILL_AT: String(step),
          NV_KILL_COUNT_FILE: counter,
        },
      }),
    steps: () => Number(readFileSync(counter).readBigUInt64LE()),
  };
}
