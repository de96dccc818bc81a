// SPDX-License-Identifier: Apache-2.0
import type { Address, Family } from "../ip/address.ts";
import { clampRanges, type Range } from "../ip/range.ts";
import { formatSubnet, type Subnet, usableRange } from "../ip/subnet.ts";
import { readCIDRPoolEntry, readIPPoolEntry } from "./entry.ts";
import type { Pool, PoolAllocation, PoolRef } from "./pool.ts";

/** One node's view of a pool: what the daemon needs to hand out addresses. Plain data: it crosses threads. */
export type Share = {
  readonly pool: PoolRef;
  /** Its prefix length goes into every answer; static addresses may be any of it. */
  readonly subnet: Subnet;
  /** Dynamic addresses and those by index come from here. */
  readonly range: Range;
  readonly gateway?: Address;
  /** Merged, sorted, inside the range. */
  readonly exclusions: readonly Range[];
  /** As in the spec, without the default route; given to callers only where there is a gateway. */
  readonly routes: readonly Subnet[];
  readonly defaultGateway: boolean;
};

/** The share of the node that the entry names; a problem when the entry does not fit the pool's spec. */
export function buildShare(pool: Pool, entry: PoolAllocation): { share: Share } | { problem: string } {
  if (pool.type === "ippool") {
    if (!("startIP" in entry)) return { problem: "the entry is one of a CIDRPool" };
    const block = readIPPoolEntry(pool, entry);
    if ("problem" in block) return block;
    const share = shareOf(pool, pool.subnet, block.range, block.range.first);
    return { share: { ...share, ...(pool.gateway && { gateway: pool.gateway }) } };
  }
  if (!("prefix" in entry)) return { problem: "the entry is one of an IPPool" };
  const block = readCIDRPoolEntry(pool, entry);
  if ("problem" in block) return block;
  const share = shareOf(pool, block.prefix, usableRange(block.prefix), block.prefix.base);
  return { share: { ...share, ...(block.gateway && { gateway: block.gateway }) } };
}

/**
 * The routes that an answer carries: none without a gateway; else those of the pool and, with defaultGateway, the default
 * route; sorted by address, then by prefix length, each once.
 */
export function shareRoutes({
  gateway,
  routes,
  defaultGateway,
}: Pick<Share, "gateway" | "routes" | "defaultGateway">): Subnet[] {
  if (gateway === undefined) return [];
  const all = defaultGateway ? [...routes, defaultRoute(gateway.family)] : routes;
  const unique = new Map(all.map((route) => [formatSubnet(route), route]));
  return [...unique.values()].sort((a, b) =>
    a.base === b.base ? a.prefixLength - b.prefixLength : a.base < b.base ? -1 : 1,
  );
}

/** 0.0.0.0/0 or ::/0. */
function defaultRoute(family: Family): Subnet {
  return { family, base: 0n, prefixLength: 0 };
}

/** `indexZero`: the address that perNodeExclusions count from. */
function shareOf(pool: Pool, subnet: Subnet, range: Range, indexZero: bigint): Share {
  const perNode = pool.perNodeExclusions.map(({ startIndex, endIndex }) => ({
    family: range.family,
    first: indexZero + startIndex,
    last: indexZero + endIndex,
  }));
  return {
    pool: { type: pool.type, name: pool.name },
    subnet,
    range,
    exclusions: clampRanges(range, [...pool.exclusions, ...perNode]),
    routes: pool.routes,
    defaultGateway: pool.defaultGateway,
  };
}
