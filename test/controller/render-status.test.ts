// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { type ReleasedBlocks, readReleasedBlocks } from "../../lib/controller/released-blocks.ts";
import { renderStatus } from "../../lib/controller/render-status.ts";
import type { Pool, PoolAllocation } from "../../lib/pool/pool.ts";
import { cidrPool, ipPool } from "../pool/read.ts";

const nowMs = Date.parse("2026-11-21T10:00:00Z");
const flat = ipPool({ subnet: "10.0.0.0/28", perNodeBlockSize: 4 });
const flat6 = ipPool({ subnet: "fd00::/125", perNodeBlockSize: 2 });
const cut = cidrPool({ cidr: "10.1.0.0/23", perNodeNetworkPrefix: 24, gatewayIndex: 1 });
const moved = cidrPool({
  cidr: "10.1.0.0/22",
  perNodeNetworkPrefix: 24,
  gatewayIndex: 1,
  staticAllocations: [
    { nodeName: "a", prefix: "10.1.3.0/24" },
    { nodeName: "s", prefix: "10.1.1.0/24" },
  ],
});

const entry = (nodeName: string, startIP: string, endIP: string): PoolAllocation => ({
  nodeName,
  startIP,
  endIP,
});
const prefix = (nodeName: string, net: string, gateway: string): PoolAllocation => ({
  nodeName,
  prefix: net,
  gateway,
});
const one = entry("a", "10.0.0.1", "10.0.0.4");
const two = entry("b", "10.0.0.5", "10.0.0.8");
const ago = (seconds: number): string =>
  `${new Date(nowMs - seconds * 1000).toISOString().replace(/\.000Z$/, "Z")}`;
const released = (...items: (PoolAllocation & { releasedAt: string })[]): ReleasedBlocks =>
  readReleasedBlocks(items);
const describe = (item: Readonly<Record<string, unknown>>): string =>
  `${String(item.nodeName)} ${String(item.startIP ?? item.prefix)}`;

type Case = {
  pool?: Pool;
  nodes: string;
  last?: PoolAllocation[];
  released?: ReleasedBlocks;
  delay?: number;
  gets: string[];
  ready: string;
  free: number;
  holds?: string[];
  reassigned?: string[];
  nextInMs?: number;
};

const cases: Record<string, Case> = {
  "a new pool": {
    nodes: "a b",
    gets: ["a 10.0.0.1", "b 10.0.0.5"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 1,
  },
  "no nodes": { nodes: "", gets: [], ready: "Allocated: no node belongs to the pool", free: 3 },
  "IPv6, too many nodes": {
    pool: flat6,
    nodes: "a b c d e",
    gets: ["a fd00::1", "b fd00::3", "c fd00::5"],
    ready: "NoFreeRanges: 2 of 5 nodes have no block: d, e",
    free: 0,
  },
  "many nodes without a block are counted": {
    pool: cut,
    nodes: "a b c d e f g h i",
    gets: ["a 10.1.0.0/24", "b 10.1.1.0/24"],
    ready: "NoFreePrefixes: 7 of 9 nodes have no block: c, d, e, f, g and 2 more",
    free: 0,
  },
  "without a delay a block goes on at once, and that is said": {
    nodes: "b x",
    last: [one, two],
    gets: ["b 10.0.0.5", "x 10.0.0.1"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 1,
    reassigned: ["10.0.0.1-10.0.0.4 a x"],
  },
  "also when its node went some time ago": {
    nodes: "b x",
    last: [two],
    released: released({ ...one, releasedAt: ago(3600) }),
    gets: ["b 10.0.0.5", "x 10.0.0.1"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 1,
    reassigned: ["10.0.0.1-10.0.0.4 a x"],
  },
  "with a delay it waits": {
    nodes: "b x",
    last: [one, two],
    delay: 60,
    gets: ["b 10.0.0.5", "x 10.0.0.9"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 0,
    holds: ["a 10.0.0.1"],
    nextInMs: 60_000,
  },
  "nodes that could have it are told why not": {
    nodes: "b x y",
    last: [one, two],
    delay: 60,
    gets: ["b 10.0.0.5", "x 10.0.0.9"],
    ready: "NoFreeRanges: 1 of 3 nodes have no block: y; 1 block waits for its last node",
    free: 0,
    holds: ["a 10.0.0.1"],
    nextInMs: 60_000,
  },
  "its own node gets it back": {
    nodes: "a b",
    last: [two],
    released: released({ ...one, releasedAt: ago(10) }),
    delay: 60,
    gets: ["a 10.0.0.1", "b 10.0.0.5"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 1,
  },
  "the delay is over": {
    nodes: "b x",
    last: [two],
    released: released({ ...one, releasedAt: ago(60) }),
    delay: 60,
    gets: ["b 10.0.0.5", "x 10.0.0.1"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 1,
    reassigned: ["10.0.0.1-10.0.0.4 a x"],
  },
  "a clock set back prolongs no wait": {
    nodes: "b",
    last: [two],
    released: released({ ...one, releasedAt: ago(-86_400) }),
    delay: 60,
    gets: ["b 10.0.0.5"],
    ready: "Allocated: 1 of 1 nodes have a block",
    free: 1,
    holds: ["a 10.0.0.1"],
    nextInMs: 60_000,
  },
  "prefixes wait too, the first that ends wakes": {
    pool: cut,
    nodes: "x",
    released: released(
      { nodeName: "a", prefix: "10.1.0.0/24", gateway: "10.1.0.1", releasedAt: ago(50) },
      { nodeName: "b", prefix: "10.1.1.0/24", gateway: "10.1.1.1", releasedAt: ago(10) },
    ),
    delay: 60,
    gets: [],
    ready: "NoFreePrefixes: 1 of 1 nodes have no block: x; 2 blocks wait for their last nodes",
    free: 0,
    holds: ["a 10.1.0.0/24", "b 10.1.1.0/24"],
    nextInMs: 10_000,
  },
  "prefixes that nodes lose to static allocations: one waits, one is another's by decree": {
    pool: moved,
    nodes: "a b s x",
    last: [prefix("a", "10.1.0.0/24", "10.1.0.1"), prefix("b", "10.1.1.0/24", "10.1.1.1")],
    delay: 60,
    gets: ["a 10.1.3.0/24", "b 10.1.2.0/24", "s 10.1.1.0/24"],
    ready: "NoFreePrefixes: 1 of 4 nodes have no block: x; 1 block waits for its last node",
    free: 0,
    holds: ["a 10.1.0.0/24"],
    reassigned: ["10.1.1.0/24 b s"],
    nextInMs: 60_000,
  },
  "with a delay another gateway moves no prefix": {
    pool: cut,
    nodes: "a b",
    last: [prefix("a", "10.1.1.0/24", "10.1.1.2"), prefix("b", "10.1.0.0/24", "10.1.0.2")],
    delay: 60,
    gets: ["a 10.1.1.0/24", "b 10.1.0.0/24"],
    ready: "Allocated: 2 of 2 nodes have a block",
    free: 0,
  },
  "blocks of a size that the pool had wait for nobody": {
    nodes: "a",
    last: [entry("a", "10.0.0.1", "10.0.0.8")],
    delay: 60,
    gets: ["a 10.0.0.1"],
    ready: "Allocated: 1 of 1 nodes have a block",
    free: 2,
  },
  "a block that somebody has does not wait": {
    nodes: "b",
    last: [two],
    released: released({ ...two, nodeName: "a", releasedAt: ago(10) }),
    delay: 60,
    gets: ["b 10.0.0.5"],
    ready: "Allocated: 1 of 1 nodes have a block",
    free: 2,
    reassigned: [],
  },
};

for (const [name, wanted] of Object.entries(cases)) {
  test(name, (t) => {
    const { pool = flat, nodes, last = [], delay = 0 } = wanted;
    const input = { pool, last, nodes: nodes.split(" ").filter(Boolean), nowMs, generation: 7 };
    const made = renderStatus({
      ...input,
      status: { conditions: [{ type: "Other", status: "Unknown" }] },
      released: wanted.released ?? new Map(),
      reuseDelayMs: delay * 1000,
    });
    const { status } = made;
    t.same(
      status.allocations.map((item) => describe(item as Record<string, unknown>)),
      wanted.gets,
    );
    const [, reason = "", message] = /^(\w+): (.*)$/.exec(wanted.ready) ?? [];
    const ready = { type: "Ready", status: reason === "Allocated" ? "True" : "False", reason, message };
    const times = { lastTransitionTime: "2026-11-21T10:00:00Z", observedGeneration: 7 };
    t.same(status.conditions, [
      { ...ready, ...times },
      { type: "Other", status: "Unknown" },
    ]);
    t.equal(status.freeBlocks, wanted.free);
    t.equal(status.allocatedNodes, wanted.gets.length);
    t.equal(status.observedGeneration, 7);
    t.same(
      status.releasedBlocks?.map((item) => describe(item)),
      wanted.holds,
    );
    t.same(
      made.reassigned.map(({ block, from, to }) => `${block} ${from} ${to}`),
      wanted.reassigned ?? [],
    );
    t.equal(made.nextChangeInMs, wanted.nextInMs);
    const again = renderStatus({
      ...input,
      last: status.allocations as PoolAllocation[],
      status: JSON.parse(JSON.stringify(status)) as Record<string, unknown>,
      released: new Map([...readReleasedBlocks(status.releasedBlocks), ...made.released]),
      nowMs: nowMs + 400,
      reuseDelayMs: delay * 1000,
    });
    t.same(again.status, status, "made again nothing changes");
    t.same(again.reassigned, []);
    t.end();
  });
}
