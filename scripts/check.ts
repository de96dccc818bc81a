// SPDX-License-Identifier: Apache-2.0
// Types, lint and format, and the rules of the house, side by side; says what failed and ends with status 1.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { findHouseProblems } from "./house.ts";

const root = resolve(import.meta.dirname, "..");

type Verdict = {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: number;
};

function run(name: string, command: string, ...args: string[]): Promise<Verdict> {
  const began = performance.now();
  return new Promise((done, fail) => {
    const child = spawn(resolve(root, "node_modules/.bin", command), args, { cwd: root });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", fail);
    child.on("close", (code) =>
      done({ name, passed: code === 0, output, seconds: (performance.now() - began) / 1000 }),
    );
  });
}

function house(): Verdict {
  const began = performance.now();
  const problems = findHouseProblems(root);
  const seconds = (performance.now() - began) / 1000;
  return { name: "house rules", passed: problems.length === 0, output: problems.join("\n"), seconds };
}

const verdicts = await Promise.all([
  run("types", "tsc"),
  run("lint and format", "biome", "check", "--error-on-warnings"),
  house(),
]);
for (const { name, passed, output, seconds } of verdicts) {
  console.log(`check: ${name} ${passed ? "ok" : "FAILED"} (${seconds.toFixed(1)} s)`);
  if (!passed) console.log(output.trimEnd());
}
process.exitCode = verdicts.every(({ passed }) => passed) ? 0 : 1;
