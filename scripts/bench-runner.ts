// SPDX-License-Identifier: Apache-2.0
// Runs a CNI plugin as a container runtime does and takes its time.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export type Figures = { medianMs: number; p99Ms: number; perSecond: number; rssMb: number };

/** `calls` ADDs of the plugin with that configuration, `width` at a time. Throws when one of them fails. */
export type Runner = (program: string, conf: unknown, calls: number, width: number) => Figures;

/** Builds the runner in a directory of its own. */
export function buildRunner(dir: string): Runner {
  const runner = join(dir, "bench-calls");
  execFileSync("gcc", ["-O2", "-pthread", "-o", runner, join(import.meta.dirname, "bench-calls.c")]);
  let series = 0;
  return (program, conf, calls, width) => {
    const file = join(dir, "conf.json");
    writeFileSync(file, JSON.stringify(conf));
    const args = [String(calls), String(width), `bench-${series++}`, file, program];
    const [head, ...lines] = execFileSync(runner, args, { encoding: "utf8" }).trim().split("\n");
    const [failed, wallNs, rssKb] = head!.split(" ").map(Number) as [number, number, number];
    if (failed > 0) throw new Error(`${failed} of ${calls} calls of ${program} failed`);
    const ms = lines.map((ns) => Number(ns) / 1e6).sort((a, b) => a - b);
    return {
      medianMs: ms[ms.length >> 1]!,
      p99Ms: ms[Math.floor(ms.length * 0.99)]!,
      perSecond: (calls / wallNs) * 1e9,
      rssMb: rssKb / 1024,
    };
  };
}
