// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Test, test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { ask, eth, openSession, range, ref, serving, share, wish } from "./store-fixture.ts";

const v4 = share("p", "192.168.0.0/16", "192.168.0.1-192.168.0.100", {
  gateway: "192.168.0.1",
  exclusions: ["192.168.0.0-192.168.0.10"],
});
const v6 = share("q", "fd00::/64", "fd00::1-fd00::10", { gateway: "fd00::2" });
const plain = share("plain", "10.0.0.0/24", "10.0.0.1-10.0.0.1");
const cidr = share("p", "10.9.0.0/24", "10.9.0.1-10.9.0.254", { type: "cidrpool" });

function setUp(t: Test) {
  const session = openSession(join(t.testdir(), "store"));
  ask(session, "setShares", serving(v4, v6, plain, cidr));
  t.teardown(() => session.close());
  const allocate = (...args: Parameters<typeof wish>): string[] =>
    ask(session, "allocate", wish(...args)).map((one) => formatAddress(one.address));
  return { session, allocate };
}

test("the first dynamic address comes after the exclusions; static ones do not look at them", (t) => {
  const { allocate } = setUp(t);
  t.same(allocate("a"), ["192.168.0.11"]);
  t.same(allocate("b", ["p"], { ips: ["192.168.0.5"] }), ["192.168.0.5"], "excluded");
  t.same(allocate("c", ["p"], { ips: ["192.168.77.7"] }), ["192.168.77.7"], "another node's block");
  t.same(allocate("d", ["p"], { ips: ["192.168.0.1"] }), ["192.168.0.1"], "the gateway");
  t.same(allocate("e", ["p"], { ips: ["192.168.0.0"] }), ["192.168.0.0"], "the network address");
  t.same(allocate("f"), ["192.168.0.12"], "none of them moved the position");
  t.end();
});

test("gateway and index", (t) => {
  const { allocate } = setUp(t);
  t.same(allocate("a", ["p"], { allocateDefaultGateway: true }), ["192.168.0.1"]);
  t.same(allocate("b", ["p"], { index: 3 }), ["192.168.0.4"], "also an excluded one");
  t.same(allocate("c", ["q"], { index: 0 }), ["fd00::1"]);
  t.same(allocate("d"), ["192.168.0.11"]);
  for (const [index, text] of [
    [0, 'requested IP index "0" is the actual gateway, use allocate_default_gateway feature instead'],
    [100, 'requested IP index "100" is outside of the given chunk'],
    [-1, 'requested IP index "-1" is outside of the given chunk'],
  ] as const) {
    t.throws(() => allocate("x", ["p"], { index }), { message: `3: ${text}` });
  }
  t.throws(() => allocate("x", ["plain"], { allocateDefaultGateway: true }), {
    message: `3: pool without gateway can't be used with allocate_default_gateway feature,pool "plain", poolType "ippool"`,
  });
  t.throws(() => allocate("x", ["p"], { index: 10 }), {
    message: '8: requested IP is already reserved in the pool "p", poolType "ippool"',
  });
  t.end();
});

test("two pools: static addresses go where their network is, the other pool gives a dynamic one", (t) => {
  const { session, allocate } = setUp(t);
  t.same(allocate("a", ["p", "q"]), ["192.168.0.11", "fd00::1"]);
  t.same(allocate("b", ["q", "p"], { ips: ["192.168.0.50"] }), ["fd00::3", "192.168.0.50"]);
  t.same(allocate("c", ["p", "q"], { ips: ["fd00::ff", "192.168.0.51"] }), ["192.168.0.51", "fd00::ff"]);
  const unmatched = (ip: string) =>
    `3: not all requested static IPs can be allocated from the ranges available on the node, ip ${ip} has no matching Pool`;
  t.throws(() => allocate("d", ["p", "q"], { ips: ["10.10.10.10", "11.0.0.1"] }), {
    message: unmatched("10.10.10.10"),
  });
  t.throws(() => allocate("d", ["p"], { ips: ["2001:DB8:0::1"] }), { message: unmatched("2001:db8::1") });
  t.throws(() => allocate("d", ["p"], { ips: ["192.168.0.60", "192.168.0.61"] }), {
    message: unmatched("192.168.0.61"),
  });
  t.equal(
    ask(session, "listReservations", { filter: { containerId: "d" }, limit: 9 }).reservations.length,
    0,
  );
  t.same(
    allocate("d", ["p", "q"]),
    ["192.168.0.12", "fd00::4"],
    "what failed gave its addresses back and moved nothing",
  );
  t.end();
});

test("what is wrong in the second pool leaves nothing in the first", (t) => {
  const { session, allocate } = setUp(t);
  allocate("full", ["plain"]);
  t.throws(() => allocate("a", ["p", "plain"]), {
    message: '8: no free addresses in the pool "plain", poolType "ippool"',
  });
  t.throws(() => allocate("a", ["p", "gone"]), {
    message: '5: configuration for pool "gone", poolType "ippool" not found',
  });
  t.throws(() => allocate("a", ["p", "p"]), {
    message: '6: allocation already exist in the pool "p", poolType "ippool"',
  });
  t.same(allocate("a", ["p", "q"]), ["192.168.0.11", "fd00::1"]);
  t.throws(() => allocate("a", ["q"]), {
    message: '6: allocation already exist in the pool "q", poolType "ippool"',
  });
  t.throws(
    () => allocate("full", ["plain"]),
    { message: /^6: allocation already exist/ },
    "though nothing is free",
  );
  t.throws(
    () => allocate("full", ["plain"], { ips: ["10.0.0.1"] }),
    { message: /^6: / },
    "though the address is taken too",
  );
  t.equal(ask(session, "listReservations", { filter: {}, limit: 9 }).reservations.length, 3);
  t.same(ask(session, "checkStore", null), []);
  t.end();
});

test("pools of the same name and different kinds are two", (t) => {
  const { session, allocate } = setUp(t);
  allocate("a");
  const [one] = ask(session, "allocate", wish("a", [], { pools: [ref("p", "cidrpool")], index: 0 }));
  t.equal(formatAddress(one!.address), "10.9.0.1");
  t.throws(() => ask(session, "isAllocated", { pools: [ref("q"), ref("p")], attachment: eth("a") }), {
    message: '5: reservation for pool "q", poolType "ippool" not found',
  });
  t.equal(
    ask(session, "isAllocated", { pools: [ref("p", "cidrpool"), ref("p")], attachment: eth("a") }),
    null,
  );
  t.end();
});

test("choosing costs the same in an empty pool, fragmented, nearly full, behind a million exclusions, in a /64", (t) => {
  const session = openSession(join(t.testdir(), "store"));
  t.teardown(() => session.close());
  const shares = [
    share("empty", "10.0.0.0/15", "10.0.0.1-10.0.255.255"),
    share("fragmented", "10.2.0.0/15", "10.2.0.1-10.3.255.254"),
    share("full", "10.4.0.0/24", "10.4.0.1-10.4.0.100"),
    share("behind", "10.16.0.0/12", "10.16.0.1-10.31.255.254", { exclusions: ["10.16.0.1-10.31.255.0"] }),
    share("wide", "fd00::/64", "fd00::1-fd00::ffff:ffff:ffff:fffe"),
  ];
  ask(session, "setShares", serving(...shares));
  const batch = (pool: string, count: number, ip?: (i: number) => bigint) =>
    session.run(
      Array.from({ length: count }, (_, i) => {
        const request = wish(`${pool}-${i}`, [pool]);
        if (ip === undefined) return { name: "allocate" as const, request };
        return {
          name: "allocate" as const,
          request: { ...request, requestedIps: [{ family: 4 as const, value: ip(i) }] },
        };
      }),
    );
  const start = range("10.2.0.1-10.2.0.1").first;
  // Every other address, out of order: 30,000 fragments.
  batch("fragmented", 30_000, (i) => start + 2n * BigInt((i * 7919) % 30_000));
  batch("full", 99);
  for (const { pool } of shares) {
    const { free } = session.table.find(pool)!.served!;
    const before = free.steps;
    const { outcomes } = session.run([{ name: "allocate", request: wish("measured", [pool.name]) }]);
    t.equal(outcomes[0]!.ok, true, pool.name);
    const steps = free.steps - before;
    t.ok(steps < 400, `${pool.name}: ${steps} comparisons and moves`);
  }
  t.end();
});
