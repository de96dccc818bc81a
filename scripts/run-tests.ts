// SPDX-License-Identifier: Apache-2.0
// Runs tap and says one line per test file, all of a file that failed, what was skipped and why, and the sum.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const root = `${import.meta.dirname}/..`;

/** The lines of the test file that is being reported, for when it fails. */
let report: string[] = [];
let sum = "0 passed, 1 failed";

function take(line: string): void {
  const file = /^(ok|not ok) \d+ - (\S+)(?: # time=([\d.]+)(ms|s|m))?/.exec(line);
  const skipped = /^ +ok \d+ - (.*) # SKIP(.*)$/.exec(line);
  const counts = /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?(?:, skip: (\d+))?/.exec(line);
  if (file !== null) {
    const [, state, name, time, unit] = file;
    if (state !== "ok") console.log(report.join("\n"));
    console.log(
      `${state === "ok" ? "  ok  " : " FAIL "} ${name}${time === undefined ? "" : ` (${Math.ceil(Number(time))} ${unit})`}`,
    );
    report = [];
  } else if (skipped !== null) {
    console.log(` skip  ${skipped[1]}: ${skipped[2]?.trim()}`);
  } else if (counts !== null) {
    sum = `${counts[1] ?? 0} passed, ${counts[2] ?? 0} failed, ${counts[3] ?? 0} skipped`;
  } else if (!/^(TAP version|\d+\.\.\d+|# time=|#|$)/.test(line)) {
    report.push(line);
  }
}

const tap = spawn(
  process.execPath,
  [`${root}/node_modules/tap/dist/esm/run.mjs`, "--reporter=tap", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  },
);
createInterface({ input: tap.stdout }).on("line", take);
tap.on("close", (code, signal) => {
  if (report.length > 0) console.log(report.join("\n"));
  console.log(sum);
  process.exitCode = code ?? (signal === null ? 0 : 1);
});
