// SPDX-License-Identifier: Apache-2.0
// Whether an entry of status.allocations fits the spec it stands beside. Both may come from another controller.
import { type Address, formatAddress, parseAddress, sameAddress } from "../ip/address.ts";
import type { Range } from "../ip/range.ts";
import {
  formatCidr,
  formatSubnet,
  networkOf,
  parseCidr,
  parseSubnet,
  type Subnet,
  sameSubnet,
} from "../ip/subnet.ts";
import { blockRange, cidrPoolGrid, findBlock, ipPoolGrid } from "./block-grid.ts";
import { gatewayAt } from "./gateway.ts";
import type {
  CIDRPool,
  CIDRPoolAllocation,
  IPPool,
  IPPoolAllocation,
  Pool,
  PoolAllocation,
  StaticAllocation,
} from "./pool.ts";

/** Why an entry does not fit. */
export type Misfit = { readonly problem: string };
export type IPPoolBlock = { readonly index: bigint; readonly range: Range };
export type CIDRPoolBlock = { readonly index: bigint; readonly prefix: Subnet; readonly gateway?: Address };

/** The static allocations of a pool by what entries are looked up with. */
export type Statics = {
  readonly byNode: ReadonlyMap<string, StaticAllocation>;
  readonly byPrefix: ReadonlyMap<string, StaticAllocation>;
};

/** The block an entry of an IPPool means. */
export function readIPPoolEntry(pool: IPPool, { startIP, endIP }: IPPoolAllocation): IPPoolBlock | Misfit {
  const start = parseAddress(startIP);
  const end = parseAddress(endIP);
  if (start === undefined) return { problem: `startIP "${startIP}" is not an IP address` };
  if (end === undefined) return { problem: `endIP "${endIP}" is not an IP address` };
  const grid = ipPoolGrid(pool);
  const index = findBlock(grid, start);
  if (index === undefined) {
    return {
      problem: `startIP ${startIP} does not begin a block of ${pool.perNodeBlockSize} addresses of ${formatSubnet(pool.subnet)}`,
    };
  }
  const range = blockRange(grid, index);
  if (end.family !== range.family || end.value !== range.last) {
    return { problem: `${startIP} to ${endIP} is not a block of ${pool.perNodeBlockSize} addresses` };
  }
  return { index, range };
}

export function indexStatics({ staticAllocations }: CIDRPool): Statics {
  return {
    byNode: new Map(
      staticAllocations.flatMap((allocation) =>
        allocation.nodeName === undefined ? [] : [[allocation.nodeName, allocation]],
      ),
    ),
    byPrefix: new Map(staticAllocations.map((allocation) => [formatSubnet(allocation.prefix), allocation])),
  };
}

/** The prefix an entry of a CIDRPool means; whether static allocations give it to this very node counts too. */
export function readCIDRPoolEntry(
  pool: CIDRPool,
  entry: CIDRPoolAllocation,
  statics: Statics = indexStatics(pool),
): CIDRPoolBlock | Misfit {
  const prefix = readPrefix(entry.prefix);
  if ("problem" in prefix) return prefix;
  const own = statics.byNode.get(entry.nodeName);
  if (own !== undefined && !sameSubnet(own.prefix, prefix)) {
    return { problem: `prefix ${entry.prefix} is not the node's static prefix ${own.written.prefix}` };
  }
  if (own === undefined && statics.byPrefix.has(formatSubnet(prefix))) {
    return { problem: `prefix ${entry.prefix} is a static allocation that is not this node's` };
  }
  const index = findPrefix(pool, prefix);
  if (index === undefined) {
    return {
      problem: `prefix ${entry.prefix} is not a /${pool.perNodeNetworkPrefix} of ${formatSubnet(pool.cidr)}`,
    };
  }
  const gateway = prefixGateway(pool, prefix, own);
  const misfit = gatewayMisfit(entry.gateway ?? "", gateway);
  return misfit ?? { index, prefix, ...(gateway && { gateway }) };
}

/** The number of the block that `prefix` is; undefined when it is none. */
export function findPrefix(pool: CIDRPool, { family, base, prefixLength }: Subnet): bigint | undefined {
  if (prefixLength !== pool.perNodeNetworkPrefix) return undefined;
  return findBlock(cidrPoolGrid(pool), { family, value: base });
}

/** Whether the entry says a block of the pool, whosever it is and whatever its gateway. */
export function isBlockOf(pool: Pool, entry: PoolAllocation): boolean {
  if (pool.type === "ippool") return "startIP" in entry && "index" in readIPPoolEntry(pool, entry);
  const prefix = "prefix" in entry ? parseSubnet(entry.prefix) : undefined;
  return prefix !== undefined && findPrefix(pool, prefix) !== undefined;
}

/** The gateway of a node's prefix: the static one, else prefix + gatewayIndex; undefined when the pool has none. */
export function prefixGateway(pool: CIDRPool, prefix: Subnet, own?: StaticAllocation): Address | undefined {
  if (own?.gateway !== undefined) return own.gateway;
  return pool.gatewayIndex === undefined ? undefined : gatewayAt(prefix, pool.gatewayIndex);
}

/** A prefix of status without host bits, or why it is none. */
export function readPrefix(text: string): Subnet | Misfit {
  const cidr = parseCidr(text);
  if (cidr === undefined) return { problem: `prefix "${text}" is not ADDRESS/LENGTH` };
  const prefix = networkOf(cidr);
  return formatCidr(cidr) === formatSubnet(prefix) ? prefix : { problem: `prefix ${text} has host bits set` };
}

function gatewayMisfit(written: string, expected: Address | undefined): Misfit | undefined {
  if (expected === undefined) {
    return written === ""
      ? undefined
      : { problem: `gateway ${written} is given where the pool has no gateway` };
  }
  const gateway = parseAddress(written);
  if (gateway !== undefined && sameAddress(gateway, expected)) return undefined;
  return { problem: `gateway "${written}" is not ${formatAddress(expected)}, the gateway of the prefix` };
}
