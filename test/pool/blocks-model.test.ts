// SPDX-License-Identifier: Apache-2.0
// Random sequences of nodes coming and going against a model that walks every address of a small pool.
import { test } from "tap";
import { formatAddress, parseAddress } from "../../lib/ip/address.ts";
import { subnetRange, usableRange } from "../../lib/ip/subnet.ts";
import { computeCIDRPoolBlocks, computeIPPoolBlocks } from "../../lib/pool/blocks.ts";
import type { CIDRPool, IPPool, Pool } from "../../lib/pool/pool.ts";
import { cidrPool, ipPool } from "./read.ts";

/** Numbers that look random and are the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const address = (family: 4 | 6, offset: number) =>
  formatAddress({ family, value: (family === 4 ? 0x0a000000n : 0xfd00n << 112n) + BigInt(offset) });

/** Exclusions within 0 … count − 1. */
function someRanges(random: (below: number) => number, count: number): [number, number][] {
  return Array.from({ length: random(4) }, () => {
    const first = random(count);
    return [first, Math.min(count - 1, first + random(12))];
  });
}

function somePool(seed: number): Pool {
  const random = randomNumbers(seed);
  const family = random(2) === 0 ? 4 : 6;
  const hostBits = random(7);
  const count = 2 ** hostBits;
  const network = `${address(family, 0)}/${(family === 4 ? 32 : 128) - hostBits}`;
  const exclusions = someRanges(random, count).map(([first, last]) => ({
    startIP: address(family, first),
    endIP: address(family, last),
  }));
  if (random(2) === 0) {
    const prefixBits = random(hostBits + 1);
    return cidrPool({
      cidr: network,
      perNodeNetworkPrefix: (family === 4 ? 32 : 128) - prefixBits,
      exclusions,
      perNodeExclusions: indexes(someRanges(random, 2 ** prefixBits)),
    });
  }
  const usable = hostBits < 2 ? count : count - (family === 4 ? 2 : 1);
  const perNodeBlockSize = 1 + random(Math.min(usable, 9));
  const gateway = random(2) === 0 ? { gateway: address(family, random(count)) } : {};
  const perNodeExclusions = indexes(someRanges(random, perNodeBlockSize));
  return ipPool({ subnet: network, perNodeBlockSize, exclusions, perNodeExclusions, ...gateway });
}

const indexes = (ranges: [number, number][]) =>
  ranges.map(([startIndex, endIndex]) => ({ startIndex, endIndex }));

/** The first addresses of all blocks that may be given, found by looking at every address. */
function usableBlocks(pool: Pool): string[] {
  const ip = pool.type === "ippool";
  const network = ip ? pool.subnet : pool.cidr;
  const { family, last } = ip ? usableRange(network) : subnetRange(network);
  const size = ip
    ? pool.perNodeBlockSize
    : 1n << BigInt((family === 4 ? 32 : 128) - pool.perNodeNetworkPrefix);
  const blocks: string[] = [];
  for (let first = ip ? usableRange(network).first : network.base; first + size - 1n <= last; first += size) {
    // A prefix's broadcast address does not count: nobody could have it anyway.
    const counted = !ip && family === 4 && size > 2n ? size - 1n : size;
    let open = false;
    for (let i = 0n; i < counted; i++) {
      const value = first + i;
      const global = pool.exclusions.some((range) => range.first <= value && value <= range.last);
      const perNode = pool.perNodeExclusions.some(
        ({ startIndex, endIndex }) => startIndex <= i && i <= endIndex,
      );
      open ||= !global && !perNode;
    }
    const isGateway = ip && size === 1n && pool.gateway?.value === first;
    if (open && !isGateway) blocks.push(formatAddress({ family, value: first }));
  }
  return blocks;
}

type Given = Map<string, string>;

/** Node → first address of its block. */
function computed(
  pool: Pool,
  last: Given,
  nodes: string[],
): { given: Given; without: readonly string[]; free: bigint } {
  if (pool.type === "ippool") {
    const plan = computeIPPoolBlocks(
      pool,
      [...last].map(([node, start]) => ipEntry(pool, node, start)),
      nodes,
    );
    return {
      given: new Map(plan.allocations.map((e) => [e.nodeName, e.startIP])),
      without: plan.withoutBlock,
      free: plan.free,
    };
  }
  const plan = computeCIDRPoolBlocks(
    pool,
    [...last].map(([node, start]) => cidrEntry(pool, node, start)),
    nodes,
  );
  const given = new Map(plan.allocations.map((e) => [e.nodeName, e.prefix.split("/")[0]!]));
  return { given, without: plan.withoutBlock, free: plan.free };
}

function ipEntry({ perNodeBlockSize }: IPPool, nodeName: string, startIP: string) {
  const { family, value } = parseAddress(startIP)!;
  return { nodeName, startIP, endIP: formatAddress({ family, value: value + perNodeBlockSize - 1n }) };
}

function cidrEntry({ perNodeNetworkPrefix }: CIDRPool, nodeName: string, start: string) {
  return { nodeName, prefix: `${start}/${perNodeNetworkPrefix}` };
}

function modelled(usable: string[], last: Given, nodes: string[]): Given {
  const given: Given = new Map();
  for (const node of nodes) if (usable.includes(last.get(node)!)) given.set(node, last.get(node)!);
  for (const node of [...nodes].sort()) {
    const free = usable.find((block) => ![...given.values()].includes(block));
    if (!given.has(node) && free !== undefined) given.set(node, free);
  }
  return given;
}

test("blocks are those of the model, whatever comes and goes", (t) => {
  let steps = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const pool = somePool(seed);
    const usable = usableBlocks(pool);
    const random = randomNumbers(seed * 7919);
    let last: Given = new Map();
    for (let step = 0; step < 6; step++, steps++) {
      const nodes = Array.from({ length: 12 }, (_, i) => `n${i}`).filter(() => random(3) > 0);
      const { given, without, free } = computed(pool, last, [...nodes].reverse());
      const expected = modelled(usable, last, nodes);
      const label = `seed ${seed}, step ${step}`;
      t.same([...given].sort(), [...expected].sort(), label);
      t.same([...given.keys()], [...given.keys()].sort(), `${label}: sorted`);
      t.same(without, nodes.filter((node) => !expected.has(node)).sort(), `${label}: without`);
      t.equal(free, BigInt(usable.length - expected.size), `${label}: free`);
      t.equal(new Set(given.values()).size, given.size, `${label}: no block twice`);
      for (const [node, block] of last)
        if (nodes.includes(node)) t.equal(given.get(node), block, `${label}: kept`);
      last = given;
    }
  }
  t.equal(steps, 2400);
  t.end();
});
