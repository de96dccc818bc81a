// SPDX-License-Identifier: Apache-2.0
import { mergeRanges, type Range } from "../ip/range.ts";
import { formatSubnet, usableRange } from "../ip/subnet.ts";
import { blockRange, cidrPoolGrid, ipPoolGrid } from "../pool/block-grid.ts";
import type { Pool, PoolAllocation } from "../pool/pool.ts";
import { buildShare, type Share } from "../pool/share.ts";
import type { OwnedBlock, Subject } from "./subject.ts";

/** A whole pool: blocks as status.allocations has them (what does not fit the spec is left out), `used` as found. */
export function poolSubject(
  pool: Pool,
  allocations: readonly PoolAllocation[],
  used: Iterable<bigint>,
): Subject {
  const grid = pool.type === "ippool" ? ipPoolGrid(pool) : cidrPoolGrid(pool);
  const network = pool.type === "ippool" ? pool.subnet : pool.cidr;
  const shares = allocations.flatMap((entry) => {
    const built = buildShare(pool, entry);
    return "share" in built ? [{ owner: entry.nodeName, share: built.share }] : [];
  });
  const blocks = shares
    .map(({ owner, share }) => ({ owner, ...wholeBlock(pool, share) }))
    .sort((a, b) => compare(a.first, b.first))
    .filter((block, i, all) => block.first !== all[i - 1]?.first);
  const gateways = shares.flatMap(({ share }) => share.gateway?.value ?? []);
  const ownGateway = pool.type === "ippool" ? (pool.gateway?.value ?? []) : [];
  const unused = shares.flatMap(({ share }) => [...share.exclusions, ...notForHosts(share)]);
  const kept = [gateways, ownGateway].flat();
  return {
    title: `${pool.name} (${pool.type}), ${formatSubnet(network)}`,
    family: network.family,
    first: grid.first,
    last: blockRange(grid, grid.count - 1n).last,
    blockSize: grid.size,
    blocks,
    ...barred([...pool.exclusions, ...unused], kept),
    used: sorted(used),
  };
}

/** One node's share of a pool. */
export function shareSubject(share: Share, owner: string, used: Iterable<bigint>): Subject {
  const { first, last, family } = share.range;
  const { type, name } = share.pool;
  return {
    title: `${name} (${type}), ${formatSubnet(share.subnet)}`,
    family,
    first,
    last,
    blockSize: last - first + 1n,
    blocks: [{ owner, first, last }],
    ...barred(share.exclusions, share.gateway ? [share.gateway.value] : []),
    used: sorted(used),
  };
}

function wholeBlock(pool: Pool, { subnet, range }: Share): Omit<OwnedBlock, "owner"> {
  if (pool.type === "ippool") return { first: range.first, last: range.last };
  const size = cidrPoolGrid(pool).size;
  return { first: subnet.base, last: subnet.base + size - 1n };
}

/** Network and broadcast address of a node's own subnet. */
function notForHosts({ pool, subnet }: Share): Range[] {
  if (pool.type === "ippool") return [];
  const { family, first, last } = usableRange(subnet);
  const end = subnet.base + (1n << BigInt((family === 4 ? 32 : 128) - subnet.prefixLength)) - 1n;
  return [
    ...(first > subnet.base ? [{ family, first: subnet.base, last: first - 1n }] : []),
    ...(last < end ? [{ family, first: last + 1n, last: end }] : []),
  ];
}

/** An address that is both is the gateway: that says more. */
function barred(ranges: readonly Range[], values: readonly bigint[]) {
  const gateways = sorted(values);
  const excluded: Range[] = [];
  let next = 0;
  for (const { family, first, last } of mergeRanges(ranges)) {
    let from = first;
    while (next < gateways.length && gateways[next]! < first) next++;
    for (; next < gateways.length && gateways[next]! <= last; next++) {
      const at = gateways[next]!;
      if (at > from) excluded.push({ family, first: from, last: at - 1n });
      from = at + 1n;
    }
    if (from <= last) excluded.push({ family, first: from, last });
  }
  return { excluded, gateways };
}

function sorted(values: Iterable<bigint>): bigint[] {
  return [...new Set(values)].sort(compare);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
