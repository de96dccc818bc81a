// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { describeMoves } from "../../lib/controller/webhook-moves.ts";
import type { PoolAllocation } from "../../lib/pool/pool.ts";
import { cidrPool, ipPool } from "../pool/read.ts";

const four = { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" };
const blocks: PoolAllocation[] = [
  { nodeName: "a", startIP: "10.0.0.1", endIP: "10.0.0.10" },
  { nodeName: "b", startIP: "10.0.0.11", endIP: "10.0.0.20" },
  { nodeName: "c", startIP: "10.0.0.21", endIP: "10.0.0.30" },
];
const cidr = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };
const prefixes: PoolAllocation[] = [
  { nodeName: "a", prefix: "10.0.0.0/24", gateway: "10.0.0.1" },
  { nodeName: "b", prefix: "10.0.1.0/24", gateway: "10.0.1.1" },
];
const stays = "pods that run keep addresses that may then be another node's, so replace them";

const ipPools: [what: string, change: object, says: string[]][] = [
  ["nothing", {}, []],
  ["a gateway, which no block depends on", { gateway: "10.0.0.2" }, []],
  ["routes", { routes: [{ dst: "10.9.0.0/16" }] }, []],
  [
    "the subnet",
    { subnet: "10.0.1.0/24", gateway: "10.0.1.1" },
    [`3 of 3 nodes get another block; ${stays}`],
  ],
  ["a wider subnet of the same start", { subnet: "10.0.0.0/23" }, []],
  ["the block size", { perNodeBlockSize: 20 }, [`3 of 3 nodes get another block; ${stays}`]],
  [
    "an exclusion of one block",
    { exclusions: [{ startIP: "10.0.0.11", endIP: "10.0.0.20" }] },
    [`1 of 3 nodes gets another block; ${stays}`],
  ],
  [
    "a subnet with room for two",
    { subnet: "10.0.0.0/27", exclusions: [{ startIP: "10.0.0.21", endIP: "10.0.0.30" }] },
    ["1 of 3 nodes loses its block: there are not enough"],
  ],
  [
    "a subnet with room for one",
    { subnet: "10.0.0.0/28" },
    ["2 of 3 nodes lose their block: there are not enough"],
  ],
];

for (const [what, change, says] of ipPools) {
  test(`IPPool: ${what}`, (t) => {
    t.same(describeMoves(ipPool({ ...four, ...change }), blocks), says);
    t.end();
  });
}

const cidrPools: [what: string, change: object, says: string[]][] = [
  ["nothing", {}, []],
  ["the prefix length", { perNodeNetworkPrefix: 25 }, [`2 of 2 nodes get another prefix; ${stays}`]],
  [
    "the gateway index",
    { gatewayIndex: 2 },
    ["2 of 2 nodes get another gateway; pods that run keep the old one"],
  ],
  [
    "a static allocation that takes a prefix away",
    { staticAllocations: [{ nodeName: "z", prefix: "10.0.1.0/24" }] },
    [`1 of 2 nodes gets another prefix; ${stays}`],
  ],
];

for (const [what, change, says] of cidrPools) {
  test(`CIDRPool: ${what}`, (t) => {
    t.same(describeMoves(cidrPool({ ...cidr, ...change }), prefixes), says);
    t.end();
  });
}

test("where blocks wait for their nodes, another gateway moves nobody", (t) => {
  const spec = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 };
  const last = [
    { nodeName: "a", prefix: "10.0.1.0/24", gateway: "10.0.1.1" },
    { nodeName: "b", prefix: "10.0.0.0/24", gateway: "10.0.0.1" },
  ];
  const edited = cidrPool({ ...spec, gatewayIndex: 2 });
  t.match(describeMoves(edited, last), [/^2 of 2 nodes get another prefix/]);
  t.same(describeMoves(edited, last, true), [
    "2 of 2 nodes get another gateway; pods that run keep the old one",
  ]);
  t.end();
});

test("the same block in another spelling has not moved", (t) => {
  const six = { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 };
  const written = [{ nodeName: "a", prefix: "FD00:0:0:0::/64", gateway: "fd00:0::1" }];
  t.same(describeMoves(cidrPool(six), written), []);
  t.end();
});

test("a pool without allocations moves nobody; a single node is one node", (t) => {
  t.same(describeMoves(ipPool(four), []), []);
  t.match(describeMoves(ipPool({ ...four, subnet: "10.0.9.0/24", gateway: "" }), blocks.slice(0, 1)), [
    /^1 of 1 node gets another block/,
  ]);
  t.end();
});
