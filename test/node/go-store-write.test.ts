// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Test, test } from "tap";
import type { GoStore } from "../../lib/node/go-store.ts";
import { fnv1a32 } from "../../lib/node/go-store-checksum.ts";
import { parseGoStore } from "../../lib/node/go-store-read.ts";
import { formatGoTime, goTimeToMs, parseGoTime } from "../../lib/node/go-store-time.ts";
import { formatGoStore } from "../../lib/node/go-store-write.ts";
import { cached } from "../support/cache.ts";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { goStoreBytes, placeWith } from "./go-store-fixture.ts";
import { address, ask, openSession, randomFrom, ref, serving, share, wish } from "./store-fixture.ts";

test("FNV-1a as in its specification's examples", (t) => {
  const vectors: [string, number][] = [
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["foobar", 0xbf9cf968],
  ];
  for (const [text, hash] of vectors) t.equal(fnv1a32(Buffer.from(text)), hash);
  t.end();
});

test("times as Go writes them", (t) => {
  const times: [ms: number, text: string][] = [
    [0, "1970-01-01T00:00:00Z"],
    [1795228636515, "2026-11-21T02:37:16.515Z"],
    [1795228636510, "2026-11-21T02:37:16.51Z"],
    [1795228636500, "2026-11-21T02:37:16.5Z"],
    [1795228630000, "2026-11-21T02:37:10Z"],
  ];
  for (const [ms, text] of times) {
    t.equal(formatGoTime(ms), text);
    t.equal(goTimeToMs(text), ms);
  }
  t.equal(goTimeToMs("2026-11-21T04:37:16.515999999+02:00"), 1795228636515);
  t.equal(parseGoTime("1969-12-31T23:59:59.999999999Z"), -1n);
  t.equal(goTimeToMs("1969-12-31T23:59:59.999999999Z"), -1);
  for (const text of [
    "",
    "yesterday",
    "2026-13-01T00:00:00Z",
    "2026-11-21",
    "2026-11-21T02:37:16.0123456789Z",
  ]) {
    t.equal(parseGoTime(text), undefined, text);
    t.equal(goTimeToMs(text), 0);
  }
  t.end();
});

/** A store of ours with reservations of every kind, closed; as a Go daemon would have it. */
function exported(t: Test): GoStore {
  const { path } = placeWith(t);
  const session = openSession(path);
  const gateway = "10.0.0.1";
  const part = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.100", {
    gateway,
    exclusions: ["10.0.0.2-10.0.0.3"],
  });
  const six = share("six", "fd00:5::/64", "fd00:5::1-fd00:5::ffff", { type: "cidrpool" });
  ask(session, "setShares", serving(part, six, share("unused", "10.1.0.0/24", "10.1.0.1-10.1.0.9")));
  const metadata = {
    podName: "web",
    podNamespace: "shop",
    podUid: "u",
    deviceId: "0000:01:00.1",
    networkName: "n",
  };
  ask(session, "allocate", wish("a", ["p"], { metadata }));
  ask(session, "allocate", wish("static", ["p"], { ips: ["10.0.0.200"] }));
  ask(session, "allocate", { ...wish("b"), pools: [ref("six", "cidrpool")] });
  ask(session, "setShares", serving(six));
  const text = ask(session, "exportToGo", null);
  session.close();
  return parseGoStore(Buffer.from(text)).store;
}

test("what was reserved here is in the export as a Go daemon would have reserved it", (t) => {
  const [six, p, ...others] = exported(t).pools;
  t.same(others, [], "a pool that was never used is not in it");
  t.match(p, { ref: ref("p"), lastReservedIp: address("10.0.0.4") });
  const [a, fixed] = p!.reservations;
  t.match(a, {
    containerId: "a",
    address: address("10.0.0.4"),
    podUid: "u",
    podName: "web",
    podNamespace: "shop",
    deviceId: "0000:01:00.1",
  });
  t.ok(Math.abs(goTimeToMs(a!.createTime) - Date.now()) < 60_000);
  t.match(fixed, { containerId: "static", address: address("10.0.0.200"), podName: "" });
  const config =
    '{"subnet":"fd00:5::/64","startIP":"fd00:5::1","endIP":"fd00:5::ffff","gateway":"","exclusions":[],"routes":[],"defaultGateway":false}';
  t.match(six, { ref: ref("six", "cidrpool"), lastPoolConfig: config, lastReservedIp: address("fd00:5::1") });
  t.equal(six!.reservations[0]?.poolConfigSnapshot, config);
  t.equal(p!.lastPoolConfig, "", "of a pool without a share nothing is known any more");
  t.end();
});

test("an import that has been used since comes out with what is new and what was there", (t) => {
  const { path } = placeWith(t, "written");
  const session = openSession(path);
  const part = share("c4", "10.2.1.0/24", "10.2.1.1-10.2.1.254", { type: "cidrpool" });
  ask(session, "setShares", serving(part));
  ask(session, "allocate", { ...wish("new"), pools: [ref("c4", "cidrpool")] });
  const text = ask(session, "exportToGo", null);
  session.close();
  const find = (bytes: Buffer) => parseGoStore(bytes).store.pools.find(({ ref }) => ref.name === "c4")!;
  const [before, after] = [goStoreBytes("written"), Buffer.from(text)].map(find);
  t.same(
    after!.reservations.filter(({ containerId }) => containerId !== "new"),
    before!.reservations,
  );
  t.same(after!.lastReservedIp, address("10.2.1.6"));
  t.match(after!.lastPoolConfig, /"gateway":""/, "of the configuration that the newest was given from");
  t.end();
});

test("two reservations that a Go daemon would take for one are refused, by name", (t) => {
  const { path } = placeWith(t);
  const session = openSession(path);
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.100")));
  ask(
    session,
    "allocate",
    wish("", [], { pools: [ref("p")], attachment: { containerId: "a_b", interfaceName: "c" } }),
  );
  ask(
    session,
    "allocate",
    wish("", [], { pools: [ref("p")], attachment: { containerId: "a", interfaceName: "b_c" } }),
  );
  t.throws(
    () => ask(session, "exportToGo", null),
    /pool p has "a_b_c" twice, and a Go daemon can hold only one of them/,
  );
  session.close();
  t.end();
});

const LETTERS = [
  "a",
  "<",
  ">",
  "&",
  '"',
  "\\",
  "/",
  "\0",
  "\u001f",
  "\u007f",
  "\b",
  "\f",
  "\n",
  "\u2028",
  "\u2029",
  "ä",
  "～",
  "😀",
  "\ud800",
  "\udfff",
  "\ufeff",
  "_",
  " ",
];

/** Texts that are hard to write, in every place that takes one. */
function randomStore(seed: number): GoStore {
  const below = randomFrom(seed);
  const text = () =>
    Array.from({ length: below(6) }, () => LETTERS[below(LETTERS.length)])
      .join("")
      .toWellFormed();
  const pools = Array.from({ length: below(20) }, (_, i) => ({
    ref: ref(`${text()}${i}`, below(2) === 0 ? "ippool" : "cidrpool"),
    lastPoolConfig: text(),
    ...(below(2) === 0 && { lastReservedIp: address(["10.0.0.1", "fd00::", "::1"][below(3)]!) }),
    reservations: Array.from({ length: below(30) }, (_, n) => ({
      containerId: `${text()}${n}`,
      interfaceName: text(),
      address: {
        family: 6 as const,
        value: BigInt(below(2 ** 31)) * 2n ** BigInt(below(90)) + 2n ** 100n + BigInt(n),
      },
      createTime: text(),
      podUid: text(),
      podName: text(),
      podNamespace: text(),
      deviceId: text(),
      poolConfigSnapshot: text(),
    })),
  }));
  return { pools };
}

test("Go's own encoder writes the same bytes", { skip: skipUnless("goStore") }, async (t) => {
  const dir = t.testdir();
  for (let seed = 1; seed <= 40; seed++) {
    const path = join(dir, `${seed}.json`);
    const bytes = formatGoStore(randomStore(seed));
    writeFileSync(path, bytes);
    const go = await run(cached.goStore, ["check", path]);
    t.equal(go.stderr, "");
    t.ok(Buffer.from(go.stdout).equals(bytes), `store ${seed}`);
  }
  for (const name of ["written", "odd"] as const) {
    const sealed = await run(cached.goStore, ["seal"], { input: goStoreBytes(name) });
    t.equal(sealed.stdout, goStoreBytes(name).toString(), `the fixture ${name} is what Go writes`);
  }
});

test("what an older schema lacks does not keep it from being exported", (t) => {
  const { path } = placeWith(t);
  const session = openSession(path);
  ask(session, "setShares", serving(share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.100")));
  ask(session, "allocate", wish("a"));
  session.close();
  const db = new DatabaseSync(path);
  db.exec("ALTER TABLE pools DROP COLUMN go_last_pool_config; ALTER TABLE meta DROP COLUMN node_name");
  db.exec("UPDATE meta SET schema = 2, oldest_reader = 1");
  db.close();
  const again = openSession(path);
  t.match(ask(again, "exportToGo", null), /"last_pool_config":"\{\\"subnet\\":\\"10\.0\.0\.0\/24/);
  again.close();
  t.end();
});
