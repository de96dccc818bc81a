// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { computeIPPoolBlocks } from "../../lib/pool/blocks.ts";
import type { IPPoolAllocation } from "../../lib/pool/pool.ts";
import { ipPool, type Spec } from "./read.ts";

/** "a 10.0.0.1-10.0.0.4" for each entry. */
const brief = (entries: readonly IPPoolAllocation[]) =>
  entries.map(({ nodeName, startIP, endIP }) => `${nodeName} ${startIP}-${endIP}`);
const entries = (texts: readonly string[]): IPPoolAllocation[] =>
  texts.map((text) => {
    const [nodeName = "", startIP = "", endIP = ""] = text.split(/[ -]/);
    return { nodeName, startIP, endIP };
  });

type Case = { spec: Spec; nodes: string; last?: string[]; gets: string[]; without?: string; free: bigint };
const excluded = (...ranges: string[]) =>
  ranges.map((range) => ({ startIP: range.split("-")[0], endIP: range.split("-")[1] }));

const cases: Record<string, Case> = {
  "blocks of 100 in a /16": {
    spec: {
      subnet: "192.168.0.0/16",
      perNodeBlockSize: 100,
      gateway: "192.168.0.1",
      exclusions: excluded("192.168.0.0-192.168.0.10"),
    },
    nodes: "c a b",
    gets: ["a 192.168.0.1-192.168.0.100", "b 192.168.0.101-192.168.0.200", "c 192.168.0.201-192.168.1.44"],
    free: 652n,
  },
  "a subnet written with host bits": {
    spec: { subnet: "10.0.0.77/28", perNodeBlockSize: 4 },
    nodes: "a",
    gets: ["a 10.0.0.65-10.0.0.68"],
    free: 2n,
  },
  "broadcast is in no block": {
    spec: { subnet: "10.0.0.0/29", perNodeBlockSize: 2 },
    nodes: "a b c d",
    gets: ["a 10.0.0.1-10.0.0.2", "b 10.0.0.3-10.0.0.4", "c 10.0.0.5-10.0.0.6"],
    without: "d",
    free: 0n,
  },
  "IPv6 has no broadcast": {
    spec: { subnet: "fd00::/125", perNodeBlockSize: 7 },
    nodes: "a b",
    gets: ["a fd00::1-fd00::7"],
    without: "b",
    free: 0n,
  },
  "all of a /31": {
    spec: { subnet: "10.0.0.4/31", perNodeBlockSize: 1 },
    nodes: "a b c",
    gets: ["a 10.0.0.4-10.0.0.4", "b 10.0.0.5-10.0.0.5"],
    without: "c",
    free: 0n,
  },
  "a /31 as one block": {
    spec: { subnet: "10.0.0.4/31", perNodeBlockSize: 2 },
    nodes: "a",
    gets: ["a 10.0.0.4-10.0.0.5"],
    free: 0n,
  },
  "a /32": {
    spec: { subnet: "10.0.0.9/32", perNodeBlockSize: 1 },
    nodes: "a",
    gets: ["a 10.0.0.9-10.0.0.9"],
    free: 0n,
  },
  "a /127": {
    spec: { subnet: "fd00::4/127", perNodeBlockSize: 1, gateway: "fd00::4" },
    nodes: "a b",
    gets: ["a fd00::5-fd00::5"],
    without: "b",
    free: 0n,
  },
  "a /128": {
    spec: { subnet: "fd00::9/128", perNodeBlockSize: 1 },
    nodes: "a",
    gets: ["a fd00::9-fd00::9"],
    free: 0n,
  },
  "wholly excluded blocks are skipped, others not": {
    spec: {
      subnet: "10.0.0.0/24",
      perNodeBlockSize: 10,
      exclusions: excluded("10.0.0.6-10.0.0.20", "10.0.0.1-10.0.0.5", "10.0.0.31-10.0.0.39"),
    },
    nodes: "a b c",
    gets: ["a 10.0.0.21-10.0.0.30", "b 10.0.0.31-10.0.0.40", "c 10.0.0.41-10.0.0.50"],
    free: 20n,
  },
  "exclusions and perNodeExclusions together": {
    spec: {
      subnet: "10.0.0.0/24",
      perNodeBlockSize: 10,
      exclusions: excluded("10.0.0.1-10.0.0.4", "10.0.0.13-10.0.0.14"),
      perNodeExclusions: [
        { startIndex: 4, endIndex: 9 },
        { startIndex: 0, endIndex: 1 },
      ],
    },
    nodes: "a",
    gets: ["a 10.0.0.21-10.0.0.30"],
    free: 22n,
  },
  "perNodeExclusions that leave nothing": {
    spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 2, perNodeExclusions: [{ startIndex: 0, endIndex: 1 }] },
    nodes: "a",
    gets: [],
    without: "a",
    free: 0n,
  },
  "single addresses without the gateway's": {
    spec: { subnet: "10.0.0.0/29", perNodeBlockSize: 1, gateway: "10.0.0.2" },
    nodes: "a b",
    gets: ["a 10.0.0.1-10.0.0.1", "b 10.0.0.3-10.0.0.3"],
    free: 3n,
  },
  "a block is kept, one of a node that is gone is free": {
    spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 },
    last: ["gone 10.0.0.1-10.0.0.10", "b 10.0.0.41-10.0.0.50"],
    nodes: "a b",
    gets: ["a 10.0.0.1-10.0.0.10", "b 10.0.0.41-10.0.0.50"],
    free: 23n,
  },
  "entries that do not fit are replaced": {
    spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" },
    last: [
      "size 10.0.0.1-10.0.0.9",
      "shift 10.0.0.12-10.0.0.21",
      "family fd00::1-fd00::a",
      "outside 10.0.1.1-10.0.1.10",
      "end 10.0.0.251-10.0.1.4",
      "text ten-20",
      "zfits 10.0.0.11-10.0.0.20",
    ],
    nodes: "size shift family outside end text zfits",
    gets: [
      "end 10.0.0.1-10.0.0.10",
      "family 10.0.0.21-10.0.0.30",
      "outside 10.0.0.31-10.0.0.40",
      "shift 10.0.0.41-10.0.0.50",
      "size 10.0.0.51-10.0.0.60",
      "text 10.0.0.61-10.0.0.70",
      "zfits 10.0.0.11-10.0.0.20",
    ],
    free: 18n,
  },
  "of duplicates the first stays": {
    spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 },
    last: ["b 10.0.0.11-10.0.0.20", "a 10.0.0.11-10.0.0.20", "b 10.0.0.31-10.0.0.40"],
    nodes: "a b",
    gets: ["a 10.0.0.1-10.0.0.10", "b 10.0.0.11-10.0.0.20"],
    free: 23n,
  },
  "kept blocks are written as Go writes addresses": {
    spec: { subnet: "FD00::/120", perNodeBlockSize: 16 },
    last: ["a FD00:0::0011-fd00::0020"],
    nodes: "a",
    gets: ["a fd00::11-fd00::20"],
    free: 14n,
  },
  "a kept block that is now excluded, or the gateway, is replaced": {
    spec: {
      subnet: "10.0.0.0/29",
      perNodeBlockSize: 1,
      gateway: "10.0.0.1",
      exclusions: excluded("10.0.0.2-10.0.0.2"),
    },
    last: ["a 10.0.0.1-10.0.0.1", "b 10.0.0.2-10.0.0.2"],
    nodes: "a b",
    gets: ["a 10.0.0.3-10.0.0.3", "b 10.0.0.4-10.0.0.4"],
    free: 2n,
  },
  "no nodes": { spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 254 }, nodes: "", gets: [], free: 1n },
};

for (const [name, { spec, nodes, last = [], gets, without = "", free }] of Object.entries(cases)) {
  test(name, (t) => {
    const plan = computeIPPoolBlocks(ipPool(spec), entries(last), nodes.split(" ").filter(Boolean));
    t.same(brief(plan.allocations), gets);
    t.same(plan.withoutBlock, without.split(" ").filter(Boolean));
    t.equal(plan.free, free);
    const again = computeIPPoolBlocks(ipPool(spec), plan.allocations, nodes.split(" ").filter(Boolean));
    t.same(again, plan, "computed again nothing changes");
    t.end();
  });
}

test("a million excluded blocks cost nothing, 5,000 nodes little", (t) => {
  const spec = {
    subnet: "fd00::/32",
    perNodeBlockSize: 2,
    exclusions: excluded("fd00::-fd00::ffff:ffff:ffff"),
  };
  const nodes = Array.from({ length: 5000 }, (_, i) => `node-${String(i).padStart(4, "0")}`);
  const began = performance.now();
  const plan = computeIPPoolBlocks(ipPool(spec), [], nodes);
  const kept = computeIPPoolBlocks(ipPool(spec), plan.allocations, nodes);
  t.ok(performance.now() - began < 5000, "in seconds on any machine");
  // The block that reaches out of the exclusion by one address is the first to be given.
  t.same(brief(plan.allocations.slice(0, 1)), ["node-0000 fd00::ffff:ffff:ffff-fd00::1:0:0:0"]);
  t.equal(plan.allocations.length, 5000);
  t.same(kept, plan);
  t.end();
});
