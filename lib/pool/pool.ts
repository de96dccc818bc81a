// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import type { Range } from "../ip/range.ts";
import type { Subnet } from "../ip/subnet.ts";
import type { NodeSelector } from "./selector.ts";

export type PoolType = "ippool" | "cidrpool";

/** Names a pool: an IPPool and a CIDRPool of the same name are two pools. */
export type PoolRef = { readonly type: PoolType; readonly name: string };

/** A pool's identity as one string, for maps only. */
export function poolKey({ type, name }: PoolRef): string {
  return `${type}/${name}`;
}

/** How messages to users name a pool; a fixed text of the contract. */
export function describePool({ type, name }: PoolRef): string {
  return `pool "${name}", poolType "${type}"`;
}

/** Addresses counted from the first one of a node's block; 0 is that one; start ≤ end. */
export type IndexRange = { readonly startIndex: bigint; readonly endIndex: bigint };

type PoolSettings = {
  readonly name: string;
  readonly namespace: string;
  /** As written, neither merged nor clamped. */
  readonly exclusions: readonly Range[];
  readonly perNodeExclusions: readonly IndexRange[];
  /** Absent: every node. */
  readonly nodeSelector?: NodeSelector;
  readonly defaultGateway: boolean;
  readonly routes: readonly Subnet[];
};

/** One flat subnet, cut into blocks of addresses. */
export type IPPool = PoolSettings & {
  readonly type: "ippool";
  readonly subnet: Subnet;
  readonly perNodeBlockSize: bigint;
  readonly gateway?: Address;
};

export type StaticAllocation = {
  /** Absent: the prefix is kept free. */
  readonly nodeName?: string;
  readonly prefix: Subnet;
  readonly gateway?: Address;
  /** Prefix and gateway letter by letter as in the spec: status repeats them so. */
  readonly written: { readonly prefix: string; readonly gateway: string };
};

/** One network, cut into a subnet for each node. */
export type CIDRPool = PoolSettings & {
  readonly type: "cidrpool";
  readonly cidr: Subnet;
  readonly perNodeNetworkPrefix: number;
  readonly gatewayIndex?: bigint;
  readonly staticAllocations: readonly StaticAllocation[];
};

/** A pool whose spec is valid. */
export type Pool = IPPool | CIDRPool;

/** An entry of status.allocations of an IPPool, as written there. */
export type IPPoolAllocation = {
  readonly nodeName: string;
  readonly startIP: string;
  readonly endIP: string;
};

/** An entry of status.allocations of a CIDRPool, as written there. */
export type CIDRPoolAllocation = {
  readonly nodeName: string;
  readonly prefix: string;
  /** Absent: the entry has none. */
  readonly gateway?: string;
};

export type PoolAllocation = IPPoolAllocation | CIDRPoolAllocation;

/** One thing that is wrong in a manifest. */
export type Problem = {
  /** Where, as "spec.exclusions[0].startIP". */
  readonly field: string;
  /** What and what would be right, without the field's name. */
  readonly message: string;
};
