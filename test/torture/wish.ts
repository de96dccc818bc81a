// SPDX-License-Identifier: Apache-2.0
// The pools of a round and what callers want of them. Some are so small that they run out and their addresses come round
// again within a second, which is what shows an address given twice.
import type { Random } from "./random.ts";

export type Wish = {
  readonly poolType: "ippool" | "cidrpool";
  /** One or two. */
  readonly pools: readonly string[];
  /** Addresses asked for by number. */
  readonly ips: readonly string[];
};

export type PoolManifest = {
  readonly kind: "IPPool" | "CIDRPool";
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
};

export const pools: readonly PoolManifest[] = [
  {
    kind: "IPPool",
    name: "flat",
    spec: {
      subnet: "10.0.0.0/16",
      perNodeBlockSize: 2000,
      gateway: "10.0.0.1",
      exclusions: [{ startIP: "10.0.0.10", endIP: "10.0.1.50" }],
    },
  },
  { kind: "IPPool", name: "small", spec: { subnet: "10.1.0.0/24", perNodeBlockSize: 40 } },
  { kind: "IPPool", name: "six", spec: { subnet: "fd00:6::/64", perNodeBlockSize: 5000 } },
  {
    kind: "CIDRPool",
    name: "net",
    spec: { cidr: "10.8.0.0/16", perNodeNetworkPrefix: 22, gatewayIndex: 1 },
  },
  { kind: "CIDRPool", name: "tiny", spec: { cidr: "10.9.0.0/16", perNodeNetworkPrefix: 27 } },
  {
    kind: "CIDRPool",
    name: "net6",
    spec: { cidr: "fd00:8::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 },
  },
];

const SINGLE: readonly Wish[] = pools.map(({ kind, name }) => ({
  poolType: kind === "IPPool" ? "ippool" : "cidrpool",
  pools: [name],
  ips: [],
}));
const DUAL: readonly Wish[] = [
  { poolType: "ippool", pools: ["flat", "six"], ips: [] },
  { poolType: "ippool", pools: ["six", "small"], ips: [] },
  { poolType: "cidrpool", pools: ["net", "net6"], ips: [] },
  { poolType: "cidrpool", pools: ["net6", "tiny"], ips: [] },
];
/** In the subnet, outside of this node's block; so few that callers want the same ones. */
const STATIC_COUNT = 40;

export function drawWish(random: Random): Wish {
  const kind = random.next();
  if (kind < 0.5) return random.pick(SINGLE);
  if (kind < 0.85) return random.pick(DUAL);
  return { poolType: "ippool", pools: ["flat"], ips: [`10.0.200.${random.between(1, STATIC_COUNT)}`] };
}
