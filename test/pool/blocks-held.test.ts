// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { computeBlocks } from "../../lib/pool/blocks.ts";
import type { Pool, PoolAllocation } from "../../lib/pool/pool.ts";
import { cidrPool, ipPool } from "./read.ts";

const small = ipPool({ subnet: "10.0.0.0/28", perNodeBlockSize: 4 });
const v6 = ipPool({ subnet: "fd00::/125", perNodeBlockSize: 2 });
const prefixes = cidrPool({ cidr: "10.1.0.0/22", perNodeNetworkPrefix: 24, gatewayIndex: 1 });
const statics = cidrPool({
  cidr: "10.1.0.0/22",
  perNodeNetworkPrefix: 24,
  staticAllocations: [{ nodeName: "c", prefix: "10.1.0.0/24" }],
});

const ip = (text: string): PoolAllocation => {
  const [nodeName = "", startIP = "", endIP = ""] = text.split(/[ -]/);
  return { nodeName, startIP, endIP };
};
const prefix = (text: string): PoolAllocation => {
  const [nodeName = "", net = "", gateway] = text.split(" ");
  return { nodeName, prefix: net, ...(gateway && { gateway }) };
};
const firstOf = (entry: PoolAllocation) =>
  `${entry.nodeName} ${"prefix" in entry ? entry.prefix : entry.startIP}`;

type Case = {
  pool: Pool;
  nodes: string;
  last?: PoolAllocation[];
  held: PoolAllocation[];
  gets: string[];
  without?: string[];
  free: bigint;
};
const cases: Record<string, Case> = {
  "another node does not get it": {
    pool: small,
    nodes: "b",
    held: [ip("a 10.0.0.1-10.0.0.4")],
    gets: ["b 10.0.0.5"],
    free: 1n,
  },
  "its own node gets it back": {
    pool: small,
    nodes: "a b",
    held: [ip("a 10.0.0.9-10.0.0.12")],
    gets: ["a 10.0.0.9", "b 10.0.0.1"],
    free: 1n,
  },
  "one that status gives twice waits for nobody, and nobody gets it": {
    pool: prefixes,
    nodes: "a b",
    last: [prefix("a 10.1.3.0/24 10.1.3.1"), prefix("b 10.1.3.0/24 10.1.3.1")],
    held: [prefix("b 10.1.3.0/24 10.1.3.1")],
    gets: ["a 10.1.0.0/24", "b 10.1.1.0/24"],
    free: 1n,
  },
  "of two the younger, and the other stays held": {
    pool: small,
    nodes: "a b",
    held: [ip("a 10.0.0.5-10.0.0.8"), ip("a 10.0.0.1-10.0.0.4")],
    gets: ["a 10.0.0.5", "b 10.0.0.9"],
    free: 0n,
  },
  "a node that has a block keeps that": {
    pool: small,
    nodes: "a",
    last: [ip("a 10.0.0.1-10.0.0.4")],
    held: [ip("a 10.0.0.5-10.0.0.8")],
    gets: ["a 10.0.0.1"],
    free: 1n,
  },
  "a block that somebody has is his": {
    pool: small,
    nodes: "a b",
    last: [ip("b 10.0.0.1-10.0.0.4")],
    held: [ip("a 10.0.0.1-10.0.0.4")],
    gets: ["a 10.0.0.5", "b 10.0.0.1"],
    free: 1n,
  },
  "when all are held the node waits": {
    pool: v6,
    nodes: "d",
    held: [ip("a fd00::1-fd00::2"), ip("b fd00::3-fd00::4"), ip("c fd00::5-fd00::6")],
    gets: [],
    without: ["d"],
    free: 0n,
  },
  "what does not fit the pool holds nothing": {
    pool: small,
    nodes: "b",
    held: [ip("a 10.0.0.1-10.0.0.8"), ip("a x-y")],
    gets: ["b 10.0.0.1"],
    free: 2n,
  },
  "prefixes, whatever their gateway was": {
    pool: prefixes,
    nodes: "b c",
    held: [prefix("a 10.1.0.0/24 10.1.0.9"), prefix("c 10.1.3.0/24")],
    gets: ["b 10.1.1.0/24", "c 10.1.3.0/24"],
    free: 1n,
  },
  "a prefix of a node that has a static one now": {
    pool: statics,
    nodes: "b c",
    held: [prefix("c 10.1.1.0/24")],
    gets: ["b 10.1.2.0/24", "c 10.1.0.0/24"],
    free: 1n,
  },
  "a static prefix is not held": {
    pool: statics,
    nodes: "b c",
    held: [prefix("a 10.1.0.0/24"), prefix("a 10.1.1.0/24")],
    gets: ["b 10.1.2.0/24", "c 10.1.0.0/24"],
    free: 1n,
  },
};

for (const [name, { pool, nodes, last = [], held, gets, without = [], free }] of Object.entries(cases)) {
  test(name, (t) => {
    const plan = computeBlocks(pool, last, nodes.split(" "), held);
    t.same(plan.allocations.map(firstOf), gets);
    t.same(plan.withoutBlock, without);
    t.equal(plan.free, free);
    t.end();
  });
}
