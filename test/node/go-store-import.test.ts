// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { importGoStore } from "../../lib/node/store-import.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { openStoreReadOnly } from "../../lib/node/store-read-only.ts";
import { startStoreThread } from "../../lib/node/store-thread.ts";
import { goStoreBytes, goStorePath, openedAsGo, placeWith, resealed } from "./go-store-fixture.ts";
import { address, ask, eth, openSession, ref, serving, share, wish, workerUrl } from "./store-fixture.ts";

test("the Go daemon's store becomes ours with all that is in it, and is kept beside it", (t) => {
  for (const name of ["written", "odd"] as const) {
    const { dir, path, names } = placeWith(t, name);
    const inode = statSync(path).ino;
    t.ok(openedAsGo(path).equals(goStoreBytes(name)), `${name} comes out as it came in`);
    const [store, kept] = names();
    t.same(names(), [store, kept]);
    t.match(kept, /^store\.go-20\d{6}T\d{6}\.\d{3}Z$/);
    t.equal(statSync(join(dir, kept!)).ino, inode, "the file itself, not a copy");
    t.equal(statSync(path).mode & 0o777, 0o600);
    t.ok(openedAsGo(path).equals(goStoreBytes(name)), "the next start finds a database");
    t.same(names(), [store, kept]);
  }
  t.end();
});

test("metadata, times and the order of age of what was imported", (t) => {
  const { path } = placeWith(t, "odd");
  const session = openSession(path);
  const list = ask(session, "listReservations", { filter: {}, limit: 100 }).reservations;
  const byAge = list.toSorted((a, b) => a.sequence! - b.sequence!);
  t.same(
    byAge.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  const ids = byAge.map(({ containerId, interfaceName }) => `${containerId} ${interfaceName}`);
  t.same(ids.slice(-3), ["v6 net1", "v6 net2", "a_b c"], "by the whole time, not by its milliseconds");
  t.same(ids.slice(0, 3), ["MIGRATED net1", "none ", "old net1"], "what has no readable time is old");
  const zoned = list.find(({ containerId }) => containerId === "__proto__");
  t.equal(zoned?.createdAtMs, Date.parse("2026-11-21T02:37:16.123Z"));
  const odd = list.find(({ containerId }) => containerId === "a_b");
  t.match(odd?.podName, /^<a href="x">&amp;<\/a> \u2028\u2029 .*😀/su);
  t.equal(odd?.networkName, "");
  session.close();
  t.end();
});

test("it goes on where the Go daemon has stopped", (t) => {
  const { path } = placeWith(t, "written");
  const session = openSession(path);
  const cidr = { pools: [ref("c4", "cidrpool")], attachment: eth("new") };
  t.throws(() => ask(session, "allocate", { ...wish("new"), ...cidr }), /not known yet/);
  ask(session, "isAllocated", { pools: cidr.pools, attachment: eth("c1") });
  const part = share("c4", "10.2.1.0/24", "10.2.1.1-10.2.1.254", { type: "cidrpool", gateway: "10.2.1.1" });
  ask(session, "setShares", serving(part));
  const given = ask(session, "allocate", { ...wish("new"), ...cidr });
  t.same(
    given.map(({ address }) => address),
    [address("10.2.1.6")],
    "after the last one that was given",
  );
  t.throws(
    () => ask(session, "allocate", { ...wish("c1"), ...cidr, attachment: eth("c1") }),
    /allocation already exist/,
  );
  t.equal(ask(session, "deallocate", { pools: cidr.pools, attachment: eth("c1") }), 1);
  t.same(
    ask(session, "checkStore", null).filter(({ kind }) => kind !== "no-share"),
    [],
  );
  const pools = ask(session, "listPools", null).map(({ pool }) => pool.name);
  t.ok(pools.includes("v6"), "a pool with reservations stays without a share");
  t.notOk(pools.includes("unknown"), "one that nothing is left of goes when the pools are known");
  session.close();
  t.end();
});

test("an empty file is an empty store, not one to be imported", (t) => {
  const { path, names } = placeWith(t);
  writeFileSync(path, "");
  t.match(openedAsGo(path).toString(), /"pools":\{\}\}$/);
  t.same(names(), ["store"]);
  t.end();
});

test("a broken store is a fault that names the file and the way out, and stays as it is", async (t) => {
  const cases: [Buffer | string, RegExp][] = [
    [goStoreBytes("written").fill("9", 40, 41), /is a store of the Go daemon that /],
    [goStoreBytes("written").subarray(0, 5000), /that is damaged: it ends too early/],
    [resealed((text) => text.replace('"version":1', '"version":2')), /that has version 2, only 1 is known/],
    [
      resealed((text) => text.replace('"ip_address":"10.4.0.2"', '"ip_address":"10.4.0.3"')),
      /gives 10\.4\.0\.3 to two entries/,
    ],
  ];
  for (const [content, message] of cases) {
    const { path, names } = placeWith(t);
    writeFileSync(path, content);
    const before = readFileSync(path);
    const desk = await startStoreThread({ storeFile: path, workerUrl });
    t.match(desk.fault(), message);
    t.ok(desk.fault()?.startsWith(`store ${path} is a store of the Go daemon`), "names the file");
    t.match(desk.fault(), /stays untouched.* until a whole copy of it is put in its place/);
    await t.rejects(desk.call("allocate", wish("a")), { code: 14, message: desk.fault() });
    await desk.stop();
    t.same(readFileSync(path), before);
    t.same(names(), ["store"]);
    t.match(openStoreReadOnly(path), { status: "fault", isDamage: false, message });
  }
});

test("a file that is too large is not even read", (t) => {
  const { path } = placeWith(t);
  writeFileSync(path, "{");
  truncateSync(path, 3 * 2 ** 40);
  t.match(importGoStore(path), {
    status: "fault",
    message: /has 3298534883328 bytes, more than the 67108864 that are read/,
  });
  t.end();
});

test("the log of an earlier database does not become a part of the new one", (t) => {
  const { dir, path, names } = placeWith(t);
  const session = openSession(path);
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.254")));
  ask(session, "allocate", wish("lost"));
  const log = readFileSync(`${path}-wal`); // as SIGKILL leaves it
  session.close();
  const go = placeWith(t, "written");
  writeFileSync(`${go.path}-wal`, log);
  t.ok(openedAsGo(go.path).equals(goStoreBytes("written")));
  const found = go.names().filter((name) => name.startsWith("store-wal.found-"));
  t.same(
    found.map((name) => readFileSync(join(go.dir, name))),
    [log],
    "and is kept",
  );
  t.ok(existsSync(dir) && names().includes("store"));
  t.end();
});

test("a link to the store stays one", (t) => {
  const { dir, path } = placeWith(t, "written");
  const link = join(dir, "link");
  symlinkSync(path, link);
  t.ok(openedAsGo(link).equals(goStoreBytes("written")));
  t.match(importGoStore(path), { status: "none" });
  t.equal(readFileSync(path).subarray(0, 6).toString(), "SQLite");
  t.end();
});

test("the file that an earlier attempt has linked already gets no second name", (t) => {
  const { path, names } = placeWith(t, "written");
  linkSync(path, `${path}.go-20260101T000000.000Z`);
  openedAsGo(path);
  t.same(names(), ["store", "store.go-20260101T000000.000Z"]);
  t.end();
});

test("without room nothing is changed, and the start says so", (t) => {
  const { path, names } = placeWith(t, "written");
  mkdirSync(`${path}.import`); // whatever cannot be written
  t.throws(() => openStore(path), { message: /^failed to import store .*store of the Go daemon: / });
  t.ok(readFileSync(path).equals(goStoreBytes("written")));
  t.same(names(), ["store", "store.import"]);
  t.end();
});

test("a Go daemon's store can be looked at before it is imported", (t) => {
  const { path, names } = placeWith(t, "written");
  const outcome = openStoreReadOnly(path);
  if (outcome.status !== "ok") throw new Error(outcome.message);
  t.equal(outcome.store.exportToGo(), readFileSync(goStorePath("written"), "utf8"));
  t.equal(outcome.store.listReservations({ filter: {}, limit: 1000 }).reservations.length, 50);
  outcome.store.close();
  t.ok(readFileSync(path).equals(goStoreBytes("written")), "the file itself is left alone");
  t.same(names(), ["store"]);
  t.end();
});
