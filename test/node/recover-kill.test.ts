// SPDX-License-Identifier: Apache-2.0
// A recovery that is broken off anywhere: no start finds less than all, and it is finished by the next.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { openStore } from "../../lib/node/store-open.ts";
import { makeKiller } from "../support/killer.ts";
import { skipUnless } from "../support/layers.ts";
import { damagePages, fillStore, listAll } from "./recover-setup.ts";
import { openSession } from "./store-fixture.ts";

const program = resolve(import.meta.dirname, "recover-store.ts");

function addressesOf(path: string): number {
  const session = openSession(path);
  const { length } = listAll(session);
  session.close();
  return length;
}

test("a recovery that is killed before any of its steps", { skip: skipUnless("gcc") }, async (t) => {
  const root = t.testdir({ before: {}, results: {} });
  const [before, dir, resultsDir] = ["before", "store", "results"].map((name) => join(root, name));
  const path = join(dir!, "store");
  const live = fillStore(join(before!, "store"), 40, { crash: true });
  damagePages(join(before!, "store"), [1], (page) => page.fill(0x55));
  const lay = (): void => {
    rmSync(dir!, { recursive: true, force: true });
    cpSync(before!, dir!, { recursive: true });
  };
  lay();
  t.equal(openStore(path).status, "fault");
  const killer = makeKiller(root, `${dir}/`);
  const whole = await killer.runUntil(0, program, [path, resultsDir!]);
  t.equal(whole.stdout, "planned\n", whole.stderr);
  const found = addressesOf(path);
  t.ok(found >= live.length, `${found} of ${live.length}`);
  const steps = killer.steps();
  for (let step = 1; step <= steps; step++) {
    if (step < steps - 25 && step % 8 !== 0) continue; // the writes of the new store, one like another
    lay();
    t.equal((await killer.runUntil(step, program, [path, resultsDir!])).status, "SIGKILL");
    const left = readdirSync(dir!).join(" ");
    const opened = openStore(path);
    if (opened.status === "ok") opened.db.close();
    else {
      t.equal(opened.status, "fault", `before step ${step}: ${left}`);
      t.equal((await killer.runUntil(0, program, [path, resultsDir!])).status, 0);
    }
    t.equal(addressesOf(path), found, `before step ${step}: everything is there, it left ${left}`);
  }
});
