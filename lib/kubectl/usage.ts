// SPDX-License-Identifier: Apache-2.0
// Who has which address of a pool, as far as pods' annotations tell.
import { type Address, formatAddress } from "../ip/address.ts";
import { rangeContains } from "../ip/range.ts";
import { subnetContains } from "../ip/subnet.ts";
import { poolKey } from "../pool/pool.ts";
import type { AttachmentNetworks } from "./attachment-networks.ts";
import type { ClusterPod } from "./cluster-pods.ts";
import type { ClusterPool } from "./cluster-pool.ts";

/** An address of a pool at a pod. */
export type Holding = {
  readonly pool: ClusterPool;
  readonly address: Address;
  readonly pod: ClusterPod;
  readonly interface: string;
  readonly network: string;
};

export type Sources = {
  readonly pools: readonly ClusterPool[];
  readonly pods: readonly ClusterPod[];
  readonly networks: AttachmentNetworks;
};

/** Every address of a pool that a pod which has not ended shows. */
export function findHoldings({ pools, pods, networks }: Sources): Holding[] {
  return pods
    .filter(({ isEnded }) => !isEnded)
    .flatMap((pod) =>
      pod.addresses.flatMap(({ network, address, interface: name }) => {
        const named = networks.get(network);
        const pool = choosePool(pools, address, { node: pod.node, named: named?.map(poolKey) });
        return pool === undefined ? [] : [{ pool, address, pod, interface: name, network }];
      }),
    );
}

type Hints = { readonly node: string; readonly named: readonly string[] | undefined };

/** The pool an address is of. Pools may overlap: then the one that the network names counts, then the node's block. */
function choosePool(
  pools: readonly ClusterPool[],
  address: Address,
  { node, named }: Hints,
): ClusterPool | undefined {
  if (named?.length === 0) return undefined;
  const holding = pools.filter(({ network }) => network !== undefined && subnetContains(network, address));
  const meant = holding.filter((pool) => named?.includes(poolKey(pool)));
  // A pod's annotation may name other pools than its network does.
  const candidates = meant.length > 0 ? meant : holding;
  const isOwn = ({ blocks }: ClusterPool): boolean =>
    blocks.some((block) => block.node === node && rangeContains(block.range, address));
  return candidates.find(isOwn) ?? candidates[0];
}

/** Used addresses of each pool on each node, counted once each. */
export class Usage {
  readonly #addresses = new Map<string, Map<string, Set<string>>>();

  constructor(holdings: readonly Holding[]) {
    for (const { pool, pod, address } of holdings) {
      const nodes = entry(this.#addresses, poolKey(pool), () => new Map<string, Set<string>>());
      entry(nodes, pod.node, () => new Set<string>()).add(formatAddress(address));
    }
  }

  count(pool: ClusterPool, node: string): number {
    return this.#addresses.get(poolKey(pool))?.get(node)?.size ?? 0;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
