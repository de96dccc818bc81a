// SPDX-License-Identifier: Apache-2.0
// A start and an orderly end that are broken off: the log's file changes its names at both.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Test, test } from "tap";
import { makeKiller } from "../support/killer.ts";
import { skipUnless } from "../support/layers.ts";
import { fillStore, listAll } from "./recover-setup.ts";
import { openSession } from "./store-fixture.ts";

const program = resolve(import.meta.dirname, "store-stop.ts");

function containers(path: string): string[] {
  const session = openSession(path);
  const found = listAll(session).map(({ containerId }) => containerId);
  session.close();
  return found;
}

/** Kills the program before each of its steps on a copy of the store in `before`: what was answered must be there. */
async function killEverywhere(t: Test, before: string): Promise<void> {
  const known = containers(copyOf(before));
  const { dir, path } = placeOf(before);
  const killer = makeKiller(dirname(dir), `${dir}/`);
  copyOf(before);
  t.equal((await killer.runUntil(0, program, [path, "late"])).stdout, "answered\n");
  const steps = killer.steps();
  t.ok(steps > 10, `${steps} steps`);
  for (let step = 1; step <= steps; step++) {
    copyOf(before);
    const killed = await killer.runUntil(step, program, [path, "late"]);
    t.equal(killed.status, "SIGKILL", `before step ${step}: ${killed.stderr}`);
    const found = new Set(containers(path));
    const due = killed.stdout === "" ? known : [...known, "late"];
    t.same(
      due.filter((container) => !found.has(container)),
      [],
      `before step ${step}: nothing that was answered is lost`,
    );
  }
}

function placeOf(before: string): { dir: string; path: string } {
  const dir = join(dirname(before), "store");
  return { dir, path: join(dir, "store") };
}

function copyOf(before: string): string {
  const { dir, path } = placeOf(before);
  rmSync(dir, { recursive: true, force: true });
  cpSync(before, dir, { recursive: true });
  return path;
}

for (const [name, crash] of Object.entries({ "an orderly end": false, "a crash": true })) {
  test(`a start after ${name} and the end that follows are killed before any of their steps`, {
    skip: skipUnless("gcc"),
  }, async (t) => {
    const before = join(t.testdir(), "before");
    mkdirSync(before);
    fillStore(join(before, "store"), 20, { crash });
    await killEverywhere(t, before);
  });
}
