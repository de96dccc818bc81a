// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Test, test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { openStoreReadOnly } from "../../lib/node/store-read-only.ts";
import { ask, openSession, serving, share, wish } from "./store-fixture.ts";

/** A store as SIGKILL leaves it: what was committed is in its log only. */
function killedStore(t: Test): string {
  const path = join(t.testdir(), "store");
  const fixture = new URL("./store-fixture.ts", import.meta.url).href;
  const program = `
    import { ask, openSession, serving, share, wish } from ${JSON.stringify(fixture)};
    const session = openSession(${JSON.stringify(path)});
    ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9", { gateway: "10.0.0.1" })));
    for (const name of ["a", "b", "c"]) ask(session, "allocate", wish(name));
    process.kill(process.pid, "SIGKILL");`;
  try {
    execFileSync(process.execPath, ["--input-type=module", "-e", program], { stdio: "pipe" });
  } catch (error) {
    if ((error as { signal?: string }).signal !== "SIGKILL") throw error;
  }
  return path;
}

/** Everything in the store's directory, with content. */
const contents = (path: string) =>
  readdirSync(dirname(path)).map((name) => [name, readFileSync(join(dirname(path), name), "base64")]);

test("shows what a killed daemon left, and changes nothing", (t) => {
  const path = killedStore(t);
  const before = contents(path);
  t.same(
    before.map(([name]) => name),
    ["store", "store-wal"],
  );
  const outcome = openStoreReadOnly(path);
  if (outcome.status !== "ok") throw new Error(outcome.message);
  const { store } = outcome;
  const [pool] = store.listPools();
  t.equal(pool?.used, 3n);
  t.equal(pool?.free, 5n);
  t.equal(pool?.next && formatAddress(pool.next), "10.0.0.5");
  const page = store.listReservations({ filter: {}, limit: 2 });
  t.same(
    page.reservations.map((one) => `${one.containerId} ${formatAddress(one.address)}`),
    ["a 10.0.0.2", "b 10.0.0.3"],
  );
  t.equal(
    store.listReservations({ filter: {}, limit: 2, after: page.next! }).reservations[0]?.containerId,
    "c",
  );
  t.same(store.check(), []);
  store.close();
  t.same(contents(path), before);
  const session = openSession(path);
  t.equal(ask(session, "listPools", null)[0]?.used, 3n, "the next daemon finds it all");
  session.close();
  t.end();
});

test("says why it cannot show a store", (t) => {
  const dir = t.testdir({ go: '{"version":1}', noise: "x".repeat(9000), empty: "" });
  t.match(openStoreReadOnly(join(dir, "none")), { status: "missing", message: /there is no store .*none/ });
  t.match(openStoreReadOnly(join(dir, "go")), { status: "fault", message: /go is a store of the Go daemon/ });
  t.match(openStoreReadOnly(join(dir, "noise")), { status: "fault", message: /noise is damaged/ });
  const empty = openStoreReadOnly(join(dir, "empty"));
  t.equal(empty.status, "ok");
  if (empty.status === "ok") {
    t.same(empty.store.listPools(), []);
    empty.store.close();
  }
  t.same(readdirSync(dir).sort(), ["empty", "go", "noise"]);
  t.end();
});

test("a store that a daemon has is locked, and stays locked", (t) => {
  const path = join(t.testdir(), "store");
  const session = openSession(path);
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9")));
  for (let i = 0; i < 2; i++) {
    t.match(openStoreReadOnly(path), { status: "locked", message: `store ${path} is in use by a daemon` });
  }
  ask(session, "allocate", wish("a"));
  session.close();
  t.end();
});

test("the private copy leaves nothing behind, however the program ends", (t) => {
  const path = killedStore(t);
  const temporary = join(dirname(path), "tmp");
  mkdirSync(temporary);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = temporary;
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  const outcome = openStoreReadOnly(path);
  if (outcome.status !== "ok") throw new Error(outcome.message);
  t.same(readdirSync(temporary), [], "it has no name while it is read");
  t.equal(outcome.store.listReservations({ filter: {}, limit: 9 }).reservations.length, 3);
  t.same(outcome.store.check(), []);
  outcome.store.close();
  t.same(readdirSync(temporary), []);
  t.end();
});

test("a damaged store is a fault", (t) => {
  const path = join(t.testdir(), "store");
  openSession(path).close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x55, 4096));
  t.match(openStoreReadOnly(path), { status: "fault", message: /store .*store is damaged \(/ });
  t.end();
});
