// SPDX-License-Identifier: Apache-2.0
// A short round of scripts/torture with every fault that can be made here, and the proof that it would find something.
import { resolve } from "node:path";
import tap, { test } from "tap";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import type { Summary } from "../torture/summary.ts";

// All of it beside other tests: what is late by its own clock it says itself.
tap.setTimeout(1_500_000);

const command = resolve(import.meta.dirname, "../torture/command.ts");

async function torture(...args: string[]) {
  // Its mounts go with it.
  const own = process.getuid?.() === 0 && (await run("unshare", ["--mount", "true"])).status === 0;
  const node = [process.execPath, command, ...args, "-o", "json"];
  const [file, ...rest] = own ? ["unshare", "--mount", ...node] : node;
  const outcome = await run(file!, rest, { env: { ...process.env, NODE_OPTIONS: "" } });
  return { ...outcome, summary: JSON.parse(outcome.stdout || "{}") as Summary };
}

test("every fault once: no duplicate, no loss, no leak, no late call", {
  skip: skipUnless("gcc"),
  timeout: 900_000,
}, async (t) => {
  const { status, stderr, summary } = await torture("--rounds", "all", "--pace", "0.3", "--width", "32");
  t.equal(status, 0, stderr);
  t.same(summary.violations, []);
  t.ok(Object.keys(summary.faults).length + summary.skipped.length >= 18);
  t.ok(summary.acknowledged > 1000, `${summary.acknowledged} calls succeeded`);
  if (skipUnless("root", "apiserver") === false) t.same(summary.skipped, []);
});

for (const [fault, found] of [
  ["lying-disk", "loss"],
  ["older-store", "duplicate"],
] as const) {
  test(`it would find something: ${fault}`, { skip: skipUnless("gcc"), timeout: 400_000 }, async (t) => {
    const { status, stderr, summary } = await torture(
      "--seed",
      "proof",
      "--rounds",
      "1",
      "--faults",
      fault,
      "--width",
      "32",
    );
    t.equal(status, 1, stderr);
    const kinds = new Set(summary.violations.map(({ kind }) => kind));
    t.ok(kinds.has("loss"));
    t.ok(kinds.has(found), `${[...kinds]}`);
    t.match(summary.violations[0]!.replay, `scripts/torture --seed proof --round 0 --faults ${fault}`);
    t.match(stderr, /VIOLATION .*\n/);
    const kept = /kept: (\S+)\/round-0/.exec(stderr)?.[1];
    t.ok(kept);
    await run("rm", ["-r", kept!]);
  });
}

test("bad arguments are one line", async (t) => {
  const { status, stderr } = await torture("--faults", "fire");
  t.equal(status, 2);
  t.match(stderr, /^(seed \w+\n)?torture: --faults: fire is none of kill, /);
  const missing = await torture("--dist", `${executables.plugin}-none`);
  t.equal(missing.status, 2);
  t.match(missing.stderr, /torture: .*-none\/nv-ipam is not there: run scripts\/build\n$/);
});
