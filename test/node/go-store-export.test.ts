// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { exportInPlace } from "../../lib/node/store-export.ts";
import { recoveredPath } from "../../lib/node/store-recovered.ts";
import { goStoreBytes, openedAsGo, placeWith } from "./go-store-fixture.ts";
import { ask, openSession, serving, share, wish } from "./store-fixture.ts";

const part = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.254");

test("the store becomes the Go daemon's, and the database is kept beside it, whole", (t) => {
  for (const name of ["written", "odd"] as const) {
    const { dir, path, names } = placeWith(t, name);
    openedAsGo(path);
    const outcome = exportInPlace(path);
    t.match(outcome, { status: "exported", report: { pools: name === "odd" ? 8 : 16 } });
    t.ok(readFileSync(path).equals(goStoreBytes(name)), name);
    t.equal(statSync(path).mode & 0o777, 0o600);
    const kept = names().filter((one) => one.startsWith("store.sqlite-"));
    t.same(
      names().filter((one) => !one.startsWith("store.go-")),
      ["store", ...kept],
    );
    t.match(kept, [/^store\.sqlite-20\d{6}T\d{6}\.\d{3}Z$/]);
    renameSync(join(dir, kept[0]!), path);
    t.ok(openedAsGo(path).equals(goStoreBytes(name)), "the database that was kept has everything");
  }
  t.end();
});

test("what the log of a killed daemon holds is exported too", (t) => {
  const { path } = placeWith(t);
  const session = openSession(path);
  ask(session, "setShares", serving(part));
  ask(session, "allocate", wish("a"));
  const killed = placeWith(t);
  for (const end of ["", "-wal"]) writeFileSync(`${killed.path}${end}`, readFileSync(`${path}${end}`)); // both files as they are
  session.close();
  t.match(exportInPlace(killed.path), { status: "exported", report: { pools: 1, reservations: 1 } });
  t.match(readFileSync(killed.path, "utf8"), /"container_id":"a"/);
  t.same(
    killed.names().filter((name) => !name.startsWith("store.sqlite-")),
    ["store"],
    "no log is left",
  );
  t.end();
});

test("it is refused while a daemon has the store", (t) => {
  const { path, names } = placeWith(t);
  const session = openSession(path);
  const before = names();
  const program = join(import.meta.dirname, "go-store-move.ts");
  // From another process, because closing a descriptor of the file here would drop the lock.
  const told = execFileSync(process.execPath, ["--no-warnings", program, "export", path], {
    encoding: "utf8",
  });
  t.equal(told, "refused\n");
  t.same(names(), before);
  ask(session, "setShares", serving(part));
  t.equal(ask(session, "allocate", wish("a")).length, 1, "and the daemon goes on");
  session.close();
  t.end();
});

test("where there is nothing to do it says so", (t) => {
  const { dir, path, names } = placeWith(t, "written");
  t.same(exportInPlace(path), {
    status: "nothing",
    message: `store ${path} is a store of the Go daemon already`,
  });
  t.same(exportInPlace(join(dir, "none")), {
    status: "nothing",
    message: `there is nothing in store ${join(dir, "none")}`,
  });
  writeFileSync(join(dir, "empty"), "");
  t.match(exportInPlace(join(dir, "empty")), { status: "nothing" });
  t.same(names(), ["empty", "store"]);
  t.ok(readFileSync(path).equals(goStoreBytes("written")));
  t.end();
});

test("a store that cannot be relied on is refused and stays as it is", (t) => {
  const { path, names } = placeWith(t, "written");
  writeFileSync(path, goStoreBytes("written").subarray(0, 3000));
  t.match(exportInPlace(path), {
    status: "refused",
    message: /^store .* is a store of the Go daemon that is damaged: it ends too early/,
  });
  writeFileSync(path, "noise".repeat(1000));
  t.match(exportInPlace(path), {
    status: "refused",
    message: /^store .* is damaged \(it is not a database\)/,
  });
  t.equal(readFileSync(path, "utf8"), "noise".repeat(1000));
  t.same(names(), ["store"]);
  t.end();
});

test("a recovery that was broken off is to be finished first, also where the store is put aside already", (t) => {
  const { path, names } = placeWith(t);
  openSession(path).close();
  renameSync(path, recoveredPath(path));
  const before = names();
  t.match(exportInPlace(path), {
    status: "refused",
    message: /has a recovery that was broken off .*recover/,
  });
  t.same(names(), before);
  t.end();
});

test("without room nothing is changed", (t) => {
  const { path, names } = placeWith(t, "written");
  openedAsGo(path);
  const before = readFileSync(path);
  mkdirSync(`${path}.export`); // whatever cannot be written
  t.throws(() => exportInPlace(path), { message: /^failed to export store / });
  t.ok(readFileSync(path).equals(before));
  t.ok(openedAsGo(path).equals(goStoreBytes("written")));
  t.notOk(names().some((name) => name.startsWith("store.sqlite-")));
  t.end();
});

test("a link to the store stays one", (t) => {
  const { dir, path } = placeWith(t, "written");
  openedAsGo(path);
  const link = join(dir, "link");
  symlinkSync(path, link);
  t.match(exportInPlace(link), { status: "exported" });
  t.ok(readFileSync(link).equals(goStoreBytes("written")));
  t.ok(existsSync(path));
  t.end();
});

test("there and back any number of times", (t) => {
  const { path } = placeWith(t, "odd");
  for (let i = 0; i < 3; i++) {
    t.ok(openedAsGo(path).equals(goStoreBytes("odd")));
    exportInPlace(path);
    t.ok(readFileSync(path).equals(goStoreBytes("odd")));
  }
  t.end();
});
