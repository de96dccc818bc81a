// SPDX-License-Identifier: Apache-2.0
// scripts/torture, from its arguments to its exit status.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { skipUnless } from "../support/layers.ts";
import { startCallRunner } from "./call-runner.ts";
import { compileChaos } from "./chaos.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import type { Need } from "./fault.ts";
import { selectFaults } from "./faults.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { planRound, roundsForAll } from "./plan.ts";
import { type RoundResult, runRound } from "./round.ts";
import type { Means } from "./stage.ts";
import { formatReport, formatTable, type Summary, summarize } from "./summary.ts";

const DIST = resolve(import.meta.dirname, "../../dist");
const SHOWN_VIOLATIONS = 10;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Whether this process may mount: scripts/torture gives root a mount namespace of its own. */
function findMountProblem(dir: string): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, to mount a file system";
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir], { stdio: "ignore" });
    execFileSync("umount", [dir], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs the right to mount a file system";
  }
}

function findExecutable(dist: string, name: string): string {
  const file = join(dist, name);
  if (!existsSync(file)) throw new Error(`${file} is not there: run scripts/build`);
  return file;
}

function describeRound(result: RoundResult): string {
  const { counts, acknowledged, slowestMs, violations, seconds } = result;
  const calls = counts.ADD + counts.DEL + counts.CHECK;
  const figures = `${calls} calls, ${acknowledged} acknowledged, slowest ${Math.round(slowestMs)} ms, ${violations.length} violations`;
  return `round ${result.number} (${seconds.toFixed(1)} s): ${result.faults.join(", ")}: ${figures}`;
}

function tellViolations({ violations, kept }: RoundResult, replay: string): void {
  for (const { kind, fault, text } of violations.slice(0, SHOWN_VIOLATIONS))
    say(`  VIOLATION ${kind}${fault === undefined ? "" : ` (${fault})`}: ${text}`);
  if (violations.length > SHOWN_VIOLATIONS) say(`  … and ${violations.length - SHOWN_VIOLATIONS} more`);
  if (violations.length > 0) say(`  again: ${replay}\n  kept: ${kept}`);
}

async function torture(options: Options, dir: string): Promise<Summary> {
  const executable = (name: string): string => findExecutable(options.dist, name);
  const mountProblem = findMountProblem(dir);
  const missing = (need: Need): string | undefined =>
    need === "mount" ? mountProblem : skipUnless("apiserver") || undefined;
  const { usable, skipped } = selectFaults(options.faults, missing);
  for (const reason of skipped) say(`skipped ${reason}`);
  if (usable.length === 0) throw new Error("none of these faults can be made here");
  const names = usable.map(({ name }) => name).join(",");
  const replay = (round: number): string =>
    `scripts/torture --seed ${options.seed} --round ${round} --faults ${names} --width ${options.width} --pace ${options.pace}`;
  const executables = {
    plugin: executable("nv-ipam"),
    daemon: executable("ipam-node"),
    controller: executable("ipam-controller"),
  };
  const runner = startCallRunner(dir, executables.plugin);
  let cluster: Promise<Cluster> | undefined;
  const means: Means = {
    ...{ dir, runner, chaosLibrary: compileChaos(dir), width: options.width, pace: options.pace },
    canMount: mountProblem === undefined,
    executables,
    cluster: () => (cluster ??= startCluster()),
  };
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  const limit = options.rounds === "all" ? roundsForAll(usable) : options.rounds;
  const results: RoundResult[] = [];
  try {
    for (let number = options.round ?? 0; ; number++) {
      const plan = planRound(options.seed, number, usable);
      const result = await runRound(plan, means);
      results.push(result);
      say(describeRound(result));
      tellViolations(result, replay(number));
      if (options.round !== undefined) break;
      if (limit === undefined ? elapsed() >= options.minutes * 60 : results.length >= limit) break;
    }
  } finally {
    await (await cluster)?.stop();
    await runner.stop();
  }
  return summarize(results, { seed: options.seed, seconds: elapsed(), skipped, replay });
}

/** What it has started ends with this process, by itself; what it has written is removed. */
function endOnSignal(dir: string): void {
  const end = (): never => {
    for (const name of readdirSync(dir).filter((one) => one.startsWith("round-")))
      spawnSync("umount", ["--lazy", join(dir, name, "store")]);
    rmSync(dir, { recursive: true, force: true });
    say("torture: interrupted");
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args, DIST);
  if (options.help) return void process.stdout.write(USAGE);
  const dir = mkdtempSync(join(tmpdir(), "nv-torture-"));
  endOnSignal(dir);
  try {
    say(`seed ${options.seed}`);
    const summary = await torture(options, dir);
    const command = `scripts/torture ${args.join(" ")}`.trim();
    if (options.report !== undefined) writeFileSync(options.report, formatReport(summary, command));
    process.stdout.write(
      options.output === "json" ? `${JSON.stringify(summary, null, 2)}\n` : formatTable(summary),
    );
    process.exitCode = summary.violations.length === 0 ? 0 : 1;
  } finally {
    const isKept = readdirSync(dir).some((name) => name.startsWith("round-"));
    if (!isKept) rmSync(dir, { recursive: true });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  say(`torture: ${(error as Error).message}`);
  process.exitCode = 2;
}
