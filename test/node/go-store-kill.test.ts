// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Test, test } from "tap";
import { exportInPlace } from "../../lib/node/store-export.ts";
import { type Killer, makeKiller } from "../support/killer.ts";
import { skipUnless } from "../support/layers.ts";
import { goStoreBytes, goStorePath, openedAsGo, placeWith, type StorePlace } from "./go-store-fixture.ts";

const program = resolve(import.meta.dirname, "go-store-move.ts");
const original = goStoreBytes("written");
const skip = skipUnless("gcc");

/** Runs `what` once to its end to count its steps, then again with a kill before each of them, and `check`s what is left. */
async function killEverywhere(
  t: Test,
  { killer, place, what }: { killer: Killer; place: StorePlace; what: "import" | "export" },
  prepare: () => void,
  check: (step: number) => void,
): Promise<void> {
  const begin = (): void => {
    for (const name of place.names()) rmSync(join(place.dir, name));
    prepare();
  };
  begin();
  const whole = await killer.runUntil(0, program, [what, place.path]);
  t.equal(whole.status, 0, whole.stderr);
  const steps = killer.steps();
  t.ok(steps > 10, `${what} has ${steps} steps`);
  for (let step = 1; step <= steps; step++) {
    begin();
    const killed = await killer.runUntil(step, program, [what, place.path]);
    t.equal(killed.status, "SIGKILL", `before step ${step}: ${killed.stdout}${killed.stderr}`);
    check(step);
  }
}

const kept = ({ names }: StorePlace, kind: string): string[] =>
  names().filter((name) => name.startsWith(`store.${kind}-`));

/** The Go daemon's file untouched, or the whole of it in a database: never neither. */
function isWhole({ path }: StorePlace): boolean {
  const bytes = readFileSync(path);
  return bytes.equals(original) || bytes.subarray(0, 15).toString() === "SQLite format 3";
}

test("an import that is killed before any of its steps loses nothing and is repeated", {
  skip,
}, async (t) => {
  const place = placeWith(t);
  const killer = makeKiller(dirname(place.dir), `${place.dir}/`);
  const prepare = () => copyFileSync(goStorePath("written"), place.path);
  await killEverywhere(t, { killer, place, what: "import" }, prepare, (step) => {
    const whole = isWhole(place);
    const repeated = openedAsGo(place.path);
    const goes = kept(place, "go");
    const isRight =
      whole &&
      repeated.equals(original) &&
      goes.length === 1 &&
      readFileSync(join(place.dir, goes[0]!)).equals(original);
    t.ok(isRight, `step ${step}: everything is there after the next start`);
    t.same(place.names(), ["store", ...goes], `step ${step}: and nothing else`);
  });
});

/** The init container runs again. */
function finishExport(place: StorePlace): boolean {
  const { status } = exportInPlace(place.path);
  const rest = place.names().filter((name) => name !== "store" && !name.startsWith("store.sqlite-"));
  return status !== "refused" && rest.length === 0 && readFileSync(place.path).equals(original);
}

/** The rollback is given up, and this daemon starts again. */
function startAgain({ path }: StorePlace): boolean {
  return openedAsGo(path).equals(original);
}

for (const [name, goOn] of Object.entries({ "is repeated": finishExport, "can be given up": startAgain })) {
  test(`an export in place that is killed before any of its steps loses nothing and ${name}`, {
    skip,
  }, async (t) => {
    const place = placeWith(t, "written");
    const killer = makeKiller(dirname(place.dir), `${place.dir}/`);
    openedAsGo(place.path);
    const database = join(dirname(place.dir), "database");
    copyFileSync(place.path, database);
    const prepare = () => copyFileSync(database, place.path);
    await killEverywhere(t, { killer, place, what: "export" }, prepare, (step) => {
      t.ok(isWhole(place), `step ${step}: the store is the one or the other`);
      const before = kept(place, "sqlite");
      t.ok(goOn(place), `step ${step}: everything is there`);
      t.same(
        before.filter((kept) => !place.names().includes(kept)),
        [],
        "what was kept is kept",
      );
    });
  });
}
