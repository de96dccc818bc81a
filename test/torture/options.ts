// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { parseArgs } from "node:util";

export const USAGE = `scripts/torture [OPTION ...]: storms of plugin processes against a daemon that faults are injected into.
  --minutes N       begin rounds for so long (3)
  --rounds N        so many rounds, whatever time they take; "all": until each fault has happened once
  --seed S          makes the same plans again; a new one each time unless given
  --round R         this round only: with --seed and --faults it replays a failure
  --faults A,B,C    these faults only
  --width N         plugin processes at a time (64)
  --pace X          faults last X times as long as usual (1)
  --dist DIR        the executables under torture (dist)
  --report FILE     write the figures there, as Markdown
  -o table|json     how the figures are printed
A failure's replay has the same plan and load; how processes meet in time is new each run.
`;

export type Options = {
  readonly minutes: number;
  readonly rounds?: number | "all";
  readonly seed: string;
  readonly round?: number;
  readonly faults: readonly string[];
  readonly width: number;
  readonly pace: number;
  readonly dist: string;
  readonly report?: string;
  readonly output: "table" | "json";
  readonly help: boolean;
};

const TEXT = { type: "string" } as const;
const MOST_WIDTH = 512;

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= least) return value;
  throw new Error(`--${name} ${text}: expected a number of at least ${least}`);
}

function wholeOf(name: string, text: string, least: number): number {
  const value = numberOf(name, text, least);
  if (Number.isInteger(value)) return value;
  throw new Error(`--${name} ${text}: expected a whole number`);
}

/** Throws an Error in one line that names what is wrong. */
export function parseOptions(args: readonly string[], dist: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ minutes: TEXT, rounds: TEXT, seed: TEXT, round: TEXT, faults: TEXT, width: TEXT, pace: TEXT },
      ...{ dist: TEXT, report: TEXT, output: { ...TEXT, short: "o" }, help: { type: "boolean", short: "h" } },
    },
  });
  const { rounds, round, width = "64", output = "table" } = values;
  if (output !== "table" && output !== "json") throw new Error(`-o ${output}: expected table or json`);
  const lanes = wholeOf("width", width, 1);
  if (lanes > MOST_WIDTH) throw new Error(`--width ${width}: at most ${MOST_WIDTH}`);
  return {
    minutes: numberOf("minutes", values.minutes ?? "3", 0),
    ...(rounds !== undefined && { rounds: rounds === "all" ? rounds : wholeOf("rounds", rounds, 1) }),
    seed: values.seed ?? Math.random().toString(36).slice(2, 8),
    ...(round !== undefined && { round: wholeOf("round", round, 0) }),
    faults: values.faults?.split(",").filter((name) => name !== "") ?? [],
    width: lanes,
    pace: numberOf("pace", values.pace ?? "1", 0),
    dist: resolve(values.dist ?? dist),
    ...(values.report !== undefined && { report: values.report }),
    output,
    help: values.help ?? false,
  };
}
