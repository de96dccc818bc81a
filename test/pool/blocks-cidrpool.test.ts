// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { computeCIDRPoolBlocks } from "../../lib/pool/blocks.ts";
import type { CIDRPoolAllocation } from "../../lib/pool/pool.ts";
import { cidrPool, type Spec } from "./read.ts";

/** "a 10.0.0.0/24 10.0.0.1" for each entry, the gateway left out where there is none. */
const brief = (entries: readonly CIDRPoolAllocation[]) =>
  entries.map(({ nodeName, prefix, gateway }) => [nodeName, prefix, gateway].filter(Boolean).join(" "));
const entries = (texts: readonly string[]): CIDRPoolAllocation[] =>
  texts.map((text) => {
    const [nodeName = "", prefix = "", gateway] = text.split(" ");
    return { nodeName, prefix, ...(gateway && { gateway }) };
  });

type Case = { spec: Spec; nodes: string; last?: string[]; gets: string[]; without?: string; free: bigint };
const four = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };

const cases: Record<string, Case> = {
  "a prefix per node": {
    spec: four,
    nodes: "b a",
    gets: ["a 10.0.0.0/24 10.0.0.1", "b 10.0.1.0/24 10.0.1.1"],
    free: 254n,
  },
  "no gateway": {
    spec: { cidr: "fd00::/62", perNodeNetworkPrefix: 64 },
    nodes: "a b c d e",
    gets: ["a fd00::/64", "b fd00:0:0:1::/64", "c fd00:0:0:2::/64", "d fd00:0:0:3::/64"],
    without: "e",
    free: 0n,
  },
  "index 0 in a /31": {
    spec: { cidr: "10.0.0.0/30", perNodeNetworkPrefix: 31, gatewayIndex: 0 },
    nodes: "a b",
    gets: ["a 10.0.0.0/31 10.0.0.0", "b 10.0.0.2/31 10.0.0.2"],
    free: 0n,
  },
  "a /32 for each node": {
    spec: { cidr: "10.0.0.8/31", perNodeNetworkPrefix: 32 },
    nodes: "a b",
    gets: ["a 10.0.0.8/32", "b 10.0.0.9/32"],
    free: 0n,
  },
  "the cidr as the only prefix": {
    spec: { cidr: "10.0.0.0/24", perNodeNetworkPrefix: 24 },
    nodes: "a b",
    gets: ["a 10.0.0.0/24"],
    without: "b",
    free: 0n,
  },
  "static allocations come first, with letters as written": {
    spec: {
      cidr: "FD00::/48",
      perNodeNetworkPrefix: 64,
      gatewayIndex: 1,
      staticAllocations: [
        { nodeName: "b", prefix: "FD00:0:0:0::/64", gateway: "FD00::0B" },
        { prefix: "fd00:0:0:1::/64" },
        { nodeName: "absent", prefix: "fd00:0:0:2::/64" },
        { nodeName: "c", prefix: "FD00:0:0:9::/64" },
      ],
    },
    nodes: "a b c d",
    gets: [
      "a fd00:0:0:3::/64 fd00:0:0:3::1",
      "b FD00:0:0:0::/64 FD00::0B",
      "c FD00:0:0:9::/64 fd00:0:0:9::1",
      "d fd00:0:0:4::/64 fd00:0:0:4::1",
    ],
    free: 65530n,
  },
  "a prefix that became another's static one is replaced, and so is that node's old one": {
    spec: { ...four, staticAllocations: [{ nodeName: "b", prefix: "10.0.0.0/24" }] },
    last: ["a 10.0.0.0/24 10.0.0.1", "b 10.0.7.0/24 10.0.7.1", "c 10.0.5.0/24 10.0.5.1"],
    nodes: "a b c",
    gets: ["a 10.0.1.0/24 10.0.1.1", "b 10.0.0.0/24 10.0.0.1", "c 10.0.5.0/24 10.0.5.1"],
    free: 253n,
  },
  "a static prefix may be excluded": {
    spec: {
      ...four,
      exclusions: [{ startIP: "10.0.0.0", endIP: "10.0.1.255" }],
      staticAllocations: [{ nodeName: "b", prefix: "10.0.0.0/24" }],
    },
    last: ["b 10.0.0.0/24 10.0.0.1"],
    nodes: "a b",
    gets: ["a 10.0.2.0/24 10.0.2.1", "b 10.0.0.0/24 10.0.0.1"],
    free: 253n,
  },
  "entries that do not fit are replaced": {
    spec: four,
    last: [
      "gateway 10.0.9.0/24 10.0.9.2",
      "hostbits 10.0.9.1/24 10.0.9.1",
      "length 10.0.8.0/25 10.0.8.1",
      "none 10.0.7.0/24",
      "outside 10.1.0.0/24 10.1.0.1",
      "fits 10.0.6.0/24 10.0.6.1",
    ],
    nodes: "gateway hostbits length none outside fits",
    gets: [
      "fits 10.0.6.0/24 10.0.6.1",
      "gateway 10.0.0.0/24 10.0.0.1",
      "hostbits 10.0.1.0/24 10.0.1.1",
      "length 10.0.2.0/24 10.0.2.1",
      "none 10.0.3.0/24 10.0.3.1",
      "outside 10.0.4.0/24 10.0.4.1",
    ],
    free: 250n,
  },
  "of duplicates none stays": {
    spec: four,
    last: [
      "a 10.0.5.0/24 10.0.5.1",
      "b 10.0.5.0/24 10.0.5.1",
      "c 10.0.6.0/24 10.0.6.1",
      "c 10.0.7.0/24 10.0.7.1",
    ],
    nodes: "a b c",
    gets: ["a 10.0.0.0/24 10.0.0.1", "b 10.0.1.0/24 10.0.1.1", "c 10.0.2.0/24 10.0.2.1"],
    free: 253n,
  },
  "one with host bits is no duplicate of its network": {
    spec: four,
    last: ["a 10.0.5.0/24 10.0.5.1", "b 10.0.5.1/24 10.0.5.9"],
    nodes: "a b",
    gets: ["a 10.0.5.0/24 10.0.5.1", "b 10.0.0.0/24 10.0.0.1"],
    free: 254n,
  },
  "an invalid entry is a duplicate too": {
    spec: four,
    last: ["a 10.0.5.0/24 10.0.5.1", "b 10.0.5.0/24 10.0.5.9"],
    nodes: "a b",
    gets: ["a 10.0.0.0/24 10.0.0.1", "b 10.0.1.0/24 10.0.1.1"],
    free: 254n,
  },
  "so is one of a node that is gone": {
    spec: four,
    last: ["a 10.0.5.0/24 10.0.5.1", "gone 10.0.5.0/24 10.0.5.1"],
    nodes: "a",
    gets: ["a 10.0.0.0/24 10.0.0.1"],
    free: 255n,
  },
  "kept prefixes are written as Go writes them": {
    spec: { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 },
    last: ["a FD00:0:0:5::/64 FD00:0:0:5::1"],
    nodes: "a",
    gets: ["a fd00:0:0:5::/64 fd00:0:0:5::1"],
    free: 65535n,
  },
};

for (const [name, { spec, nodes, last = [], gets, without = "", free }] of Object.entries(cases)) {
  test(name, (t) => {
    const plan = computeCIDRPoolBlocks(cidrPool(spec), entries(last), nodes.split(" "));
    t.same(brief(plan.allocations), gets);
    t.same(plan.withoutBlock, without.split(" ").filter(Boolean));
    t.equal(plan.free, free);
    const again = computeCIDRPoolBlocks(cidrPool(spec), plan.allocations, nodes.split(" "));
    t.same(again, plan, "computed again nothing changes");
    t.end();
  });
}

const skipped: [startIP: string, endIP: string, prefix: string, first: string, perNode?: [number, number]][] =
  [
    ["10.0.0.0", "10.0.0.14", "10.0.0.0/24 28", "10.0.0.16/28"],
    ["10.0.0.1", "10.0.0.14", "10.0.0.0/24 28", "10.0.0.0/28"],
    ["10.0.0.0", "10.0.0.13", "10.0.0.0/24 28", "10.0.0.0/28"],
    ["10.0.0.0", "10.0.0.0", "10.0.0.0/24 32", "10.0.0.1/32"],
    ["10.0.0.0", "10.0.0.0", "10.0.0.0/24 31", "10.0.0.0/31"],
    ["10.0.0.0", "10.0.0.1", "10.0.0.0/24 31", "10.0.0.2/31"],
    ["fd00::", "fd00::fe", "fd00::/112 120", "fd00::/120"],
    ["fd00::", "fd00::ff", "fd00::/112 120", "fd00::100/120"],
    ["10.0.0.0", "10.0.0.7", "10.0.0.0/24 28", "10.0.0.16/28", [8, 15]],
    ["10.0.0.0", "10.0.0.6", "10.0.0.0/24 28", "10.0.0.0/28", [8, 15]],
  ];

for (const [startIP, endIP, sizes, first, perNode] of skipped) {
  test(`${startIP}-${endIP} excluded of ${sizes}`, (t) => {
    const [cidr, length] = sizes.split(" ");
    const perNodeExclusions = perNode ? [{ startIndex: perNode[0], endIndex: perNode[1] }] : [];
    const spec = {
      cidr,
      perNodeNetworkPrefix: Number(length),
      exclusions: [{ startIP, endIP }],
      perNodeExclusions,
    };
    t.same(brief(computeCIDRPoolBlocks(cidrPool(spec), [], ["a"]).allocations), [`a ${first}`]);
    t.end();
  });
}

test("/64s of a /32 behind a million excluded ones", (t) => {
  const exclusions = [{ startIP: "fd00::", endIP: "fd00:0:f:ffff:ffff:ffff:ffff:ffff" }];
  const nodes = Array.from({ length: 5000 }, (_, i) => `node-${String(i).padStart(4, "0")}`);
  const spec = { cidr: "fd00::/32", perNodeNetworkPrefix: 64, exclusions };
  const plan = computeCIDRPoolBlocks(cidrPool(spec), [], nodes);
  t.same(brief(plan.allocations.slice(0, 1)), ["node-0000 fd00:0:10::/64"]);
  t.equal(plan.free, (1n << 32n) - (1n << 20n) - 5000n);
  t.end();
});
