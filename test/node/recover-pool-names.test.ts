// SPDX-License-Identifier: Apache-2.0
// Rows whose pool's own row is lost: placed where that is certain, else left out and told.
import { test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { parseSubnet } from "../../lib/ip/subnet.ts";
import type { CachedAttachment } from "../../lib/node/recover-cache.ts";
import { planRecovery } from "../../lib/node/recover-plan.ts";
import type { SalvagedRow } from "../../lib/node/recover-rows.ts";
import { encodeShare } from "../../lib/pool/share-text.ts";
import { shares } from "./recover-setup.ts";
import { address, nobody, ref } from "./store-fixture.ts";

const extras = { requested: false, goCreateTime: null, goSnapshot: null, sequence: null };

/** A row of the pool of this number. */
function row(
  poolId: number,
  ip: string,
  more: Partial<SalvagedRow> & { network?: string } = {},
): SalvagedRow {
  const { network: networkName = "", ...rest } = more;
  const details = { ...nobody, ...extras, networkName, createdAtMs: 5 };
  const holder = { containerId: `of-${ip}`, interfaceName: "net1", address: address(ip) };
  return { poolId, ...holder, isStray: false, details, ...rest };
}

/** A result of a live attachment: "10.1.0.5/24" of a pool. */
function cached(pool: string, cidr: string, networkName = ""): CachedAttachment {
  const ip = cidr.split("/")[0]!;
  return {
    ...nobody,
    ...{ containerId: `of-${ip}`, interfaceName: "net1", networkName },
    pools: [ref(pool)],
    addresses: [address(ip)],
    networks: [parseSubnet(cidr)!],
    createdAtMs: 6,
    file: `net-${ip}`,
  };
}

/** Of a store that still names pool "p" (number 1, 10.0.0.0/16): what is placed, and what is left out. */
function plan(rows: SalvagedRow[], attachments: CachedAttachment[] = []) {
  const pools = new Map([[1, { ref: ref("p"), share: encodeShare(shares[0]!), isWhole: true }]]);
  const { reservations, leftOut } = planRecovery({
    store: { pools, rows },
    runtime: [{ attachments, problems: [] }],
    pods: [],
    nowMs: 1,
  });
  return {
    placed: reservations.map(({ pool, address }) => `${pool.name} ${formatAddress(address)}`),
    leftOut: leftOut.map(({ address }) => formatAddress(address)),
  };
}

test("one row that the runtime knows names the pool of all others", (t) => {
  const rows = [row(9, "10.1.0.5"), row(9, "10.1.0.6"), row(9, "10.1.0.7")];
  t.same(plan(rows, [cached("q", "10.1.0.6/32")]), {
    placed: ["q 10.1.0.5", "q 10.1.0.6", "q 10.1.0.7"],
    leftOut: [],
  });
  t.end();
});

test("a result of another attachment names the pool of all addresses in its network", (t) => {
  const rows = [row(9, "10.1.0.5"), row(9, "10.1.0.6"), row(8, "10.2.0.5"), row(1, "10.0.0.5")];
  t.same(plan(rows, [cached("q", "10.1.0.99/24"), cached("r", "10.2.0.99/24")]), {
    placed: ["p 10.0.0.5", "q 10.1.0.5", "q 10.1.0.6", "q 10.1.0.99", "r 10.2.0.5", "r 10.2.0.99"],
    leftOut: [],
  });
  t.end();
});

const uncertain: [string, SalvagedRow[], CachedAttachment[]][] = [
  ["nobody knows the network", [row(9, "10.1.0.5")], [cached("q", "10.2.0.9/24")]],
  [
    "two pools have the network",
    [row(9, "10.1.0.5")],
    [cached("q", "10.1.0.9/24"), cached("r", "10.1.0.8/24")],
  ],
  ["two numbers fit the pool", [row(8, "10.1.0.6"), row(9, "10.1.0.5")], [cached("q", "10.1.0.9/24")]],
  ["an address is outside", [row(9, "10.1.0.5"), row(9, "10.2.0.5")], [cached("q", "10.1.0.9/24")]],
  [
    "it was made for another network",
    [row(9, "10.1.0.5", { network: "a" })],
    [cached("q", "10.1.0.9/24", "b")],
  ],
  ["the network is of a pool with another number", [row(9, "10.0.0.5")], [cached("p", "10.0.0.9/16")]],
];

for (const [what, rows, attachments] of uncertain) {
  test(`left out, as ${what}`, (t) => {
    const { placed, leftOut } = plan(rows, attachments);
    t.same(leftOut, rows.map(({ address }) => formatAddress(address)).sort());
    t.equal(placed.length, attachments.length);
    t.end();
  });
}

test("what holders say against each other names nothing, and their own rows are placed all the same", (t) => {
  const rows = [row(9, "10.1.0.5"), row(9, "10.1.0.6"), row(9, "10.1.0.7")];
  t.same(plan(rows, [cached("q", "10.1.0.5/24"), cached("r", "10.1.0.6/24")]), {
    placed: ["q 10.1.0.5", "r 10.1.0.6"],
    leftOut: ["10.1.0.7"],
  });
  t.end();
});

test("a row in table and index is left out once, with its pod", (t) => {
  const { details: _lost, ...index } = row(9, "10.1.0.5");
  const named = row(9, "10.1.0.5");
  const whole = { ...named, details: { ...named.details!, podName: "web" } };
  for (const rows of [
    [index, whole],
    [whole, index],
  ]) {
    const { leftOut } = planRecovery({ store: { pools: new Map(), rows }, runtime: [], pods: [], nowMs: 1 });
    t.match(leftOut, [{ podName: "web", source: "store" }]);
    t.equal(leftOut.length, 1);
  }
  t.end();
});
