// SPDX-License-Identifier: Apache-2.0
import { cpus } from "node:os";
import type { RoundResult } from "./round.ts";

export type Summary = {
  readonly seed: string;
  readonly rounds: number;
  readonly seconds: number;
  /** How often each happened. */
  readonly faults: Readonly<Record<string, number>>;
  readonly skipped: readonly string[];
  readonly calls: Readonly<Record<"ADD" | "DEL" | "CHECK", number>>;
  readonly acknowledged: number;
  readonly slowestMs: number;
  readonly violations: readonly {
    readonly round: number;
    readonly kind: string;
    readonly fault?: string;
    readonly text: string;
    /** The command line that does this round again. */
    readonly replay: string;
  }[];
};

export type RunFacts = {
  readonly seed: string;
  readonly seconds: number;
  readonly skipped: readonly string[];
  replay(round: number): string;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export function summarize(rounds: readonly RoundResult[], facts: RunFacts): Summary {
  const { seed, seconds, skipped, replay } = facts;
  const faults: Record<string, number> = {};
  for (const name of rounds.flatMap((round) => round.faults)) faults[name] = (faults[name] ?? 0) + 1;
  const count = (command: keyof Summary["calls"]) => sum(rounds.map(({ counts }) => counts[command]));
  return {
    ...{ seed, rounds: rounds.length, seconds: Math.round(seconds), faults, skipped },
    calls: { ADD: count("ADD"), DEL: count("DEL"), CHECK: count("CHECK") },
    acknowledged: sum(rounds.map(({ acknowledged }) => acknowledged)),
    slowestMs: Math.round(Math.max(0, ...rounds.map(({ slowestMs }) => slowestMs))),
    violations: rounds.flatMap(({ number, violations }) =>
      violations.map((violation) => ({ round: number, ...violation, replay: replay(number) })),
    ),
  };
}

function rows({ seed, rounds, seconds, faults, calls, acknowledged, ...rest }: Summary): [string, string][] {
  const total = calls.ADD + calls.DEL + calls.CHECK;
  return [
    ["seed", seed],
    ["rounds", `${rounds} in ${seconds} s`],
    ...Object.entries(faults).map(([name, count]): [string, string] => [`fault ${name}`, String(count)]),
    ["calls", `${total} (ADD ${calls.ADD}, DEL ${calls.DEL}, CHECK ${calls.CHECK})`],
    ["acknowledged", String(acknowledged)],
    ["slowest call", `${rest.slowestMs} ms`],
    ["violations", String(rest.violations.length)],
  ];
}

/** For people at a terminal. */
export function formatTable(summary: Summary): string {
  const cells = rows(summary);
  const width = Math.max(...cells.map(([head]) => head.length));
  const lines = cells.map(([head, value]) => `${head.padEnd(width)}  ${value}`);
  return `${[...lines, ...summary.skipped.map((reason) => `skipped ${reason}`)].join("\n")}\n`;
}

/** For docs/torture.md. */
export function formatReport(summary: Summary, command: string): string {
  const cpu = cpus();
  return [
    "# Torture",
    "",
    `Made by \`${command}\` on ${cpu.length} cores (${cpu[0]?.model.trim()}), Linux. Plugin processes in parallel do ADD, DEL and CHECK on six`,
    "pools while the daemon and what it stands on are given faults, three of them one after another on one store. After each one",
    "what callers were told is compared with what the daemon holds: no address twice, none lost, none left over, every call ended",
    "within its deadline and a second. A call without an answer counts as neither done nor undone until its DEL.",
    "",
    "| what | figure |",
    "| --- | --- |",
    ...rows(summary).map(([head, value]) => `| ${head} | ${value} |`),
    ...(summary.skipped.length === 0 ? [] : ["", `Skipped: ${summary.skipped.join("; ")}.`]),
    "",
  ].join("\n");
}
