// SPDX-License-Identifier: Apache-2.0
import { formatAddress, parseAddress } from "../ip/address.ts";
import { mergeRanges, type Range, rangeContains, rangeSize } from "../ip/range.ts";
import { formatSubnet, parseSubnet, type Subnet, subnetRange } from "../ip/subnet.ts";
import { readResource } from "../pool/manifest.ts";
import type { Pool, PoolAllocation, PoolType, Problem } from "../pool/pool.ts";
import { buildShare } from "../pool/share.ts";
import { parsePool } from "../pool/validate.ts";
import { type Api, type ApiObject, listAt, listObjects, textAt, valueAt } from "./api.ts";

/** What one node has of a pool. */
export type Block = {
  readonly node: string;
  /** All of it, network and broadcast address of a CIDRPool's prefix included. */
  readonly range: Range;
  /** Addresses that can be chosen. */
  readonly capacity: bigint;
  /** What of the range is never chosen, the gateway included; sorted and separate. */
  readonly barred: readonly Range[];
  readonly gateway: string;
};

/** A pool as the API has it. */
export type ClusterPool = {
  readonly type: PoolType;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly createdAtMs: number;
  readonly generation: number;
  /** 0: the controller has written none, or is one that never does. */
  readonly observedGeneration: number;
  /** Absent: the spec is not valid, and `problems` says why. */
  readonly pool?: Pool;
  readonly problems: readonly Problem[];
  /** As far as it can be read from the spec. */
  readonly network?: Subnet;
  readonly hasStatus: boolean;
  readonly allocations: readonly PoolAllocation[];
  /** Sorted by node name. */
  readonly blocks: readonly Block[];
  readonly freeBlocks?: number;
  /** "" where the controller writes no conditions. */
  readonly ready: string;
  readonly reason: string;
  readonly message: string;
};

const GROUP = { group: "nv-ipam.nvidia.com", version: "v1alpha1" };

export const POOL_PLURALS: Readonly<Record<PoolType, string>> = { ippool: "ippools", cidrpool: "cidrpools" };

/** All pools of a namespace, sorted by type and name. */
export async function listPools(api: Api, namespace: string): Promise<ClusterPool[]> {
  const lists = await Promise.all(
    (["cidrpool", "ippool"] as const).map((type) =>
      listObjects(api, { ...GROUP, plural: POOL_PLURALS[type], namespace }, (object) =>
        readPool(type, object),
      ),
    ),
  );
  return lists.flatMap((pools) => pools.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

function readPool(type: PoolType, { metadata, object }: ApiObject): ClusterPool {
  const kind = type === "ippool" ? "IPPool" : "CIDRPool";
  // Items of a list do not say what they are.
  const apiVersion = `${GROUP.group}/${GROUP.version}`;
  const written = { ...object, kind, apiVersion };
  const spec = readResource({ ...written, status: undefined }, { strict: false });
  const { resource } = readResource(written, { strict: false });
  const judged =
    spec.resource === undefined || spec.resource.kind === "Node"
      ? { problems: [...spec.problems] }
      : parsePool(spec.resource, spec.problems);
  const pool = "pool" in judged ? judged.pool : undefined;
  const allocations = resource !== undefined && resource.kind !== "Node" ? (resource.allocations ?? []) : [];
  const network = parseSubnet(textAt(object, "spec", type === "ippool" ? "subnet" : "cidr"));
  const { name, namespace, uid, createdAtMs, generation } = metadata;
  return {
    ...{ type, name, namespace, uid, createdAtMs, generation, allocations },
    ...(pool && { pool }),
    problems: "problems" in judged ? judged.problems : [],
    ...(network && { network }),
    blocks: readBlocks(pool, allocations),
    ...readStatus(object),
  };
}

function readStatus(object: Readonly<Record<string, unknown>>) {
  const { status } = object;
  const ready = listAt(status, "conditions").find((condition) => textAt(condition, "type") === "Ready");
  const [observed, free] = [valueAt(status, "observedGeneration"), valueAt(status, "freeBlocks")];
  return {
    hasStatus: Array.isArray(valueAt(status, "allocations")),
    observedGeneration: typeof observed === "number" ? observed : 0,
    ...(typeof free === "number" && { freeBlocks: free }),
    ready: textAt(ready, "status"),
    reason: textAt(ready, "reason"),
    message: textAt(ready, "message"),
  };
}

/** Of an invalid pool what status says is shown all the same: nodes go on serving it. */
function readBlocks(pool: Pool | undefined, allocations: readonly PoolAllocation[]): Block[] {
  return allocations
    .flatMap((entry) => (pool === undefined ? undefined : validBlock(pool, entry)) ?? writtenBlock(entry))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}

function validBlock(pool: Pool, entry: PoolAllocation): Block | undefined {
  const built = buildShare(pool, entry);
  if ("problem" in built) return undefined;
  const { range, subnet, exclusions, gateway } = built.share;
  const at =
    gateway && rangeContains(range, gateway)
      ? [{ family: range.family, first: gateway.value, last: gateway.value }]
      : [];
  const barred = mergeRanges([...exclusions, ...at]);
  const capacity = barred.reduce((left, part) => left - rangeSize(part), rangeSize(range));
  return {
    node: entry.nodeName,
    range: pool.type === "ippool" ? range : subnetRange(subnet),
    capacity,
    barred,
    gateway: gateway === undefined ? "" : formatAddress(gateway),
  };
}

function writtenBlock(entry: PoolAllocation): Block[] {
  const range = "prefix" in entry ? writtenPrefix(entry.prefix) : writtenRange(entry.startIP, entry.endIP);
  if (range === undefined) return [];
  const gateway = "gateway" in entry ? (entry.gateway ?? "") : "";
  return [{ node: entry.nodeName, range, capacity: rangeSize(range), barred: [], gateway }];
}

function writtenPrefix(prefix: string): Range | undefined {
  const subnet = parseSubnet(prefix);
  return subnet && subnetRange(subnet);
}

function writtenRange(startIP: string, endIP: string): Range | undefined {
  const [start, end] = [parseAddress(startIP), parseAddress(endIP)];
  if (start === undefined || start.family !== end?.family || end.value < start.value) return undefined;
  return { family: start.family, first: start.value, last: end.value };
}

/** As "192.168.0.1-192.168.0.100", or the prefix of a CIDRPool. */
export function describeBlock(pool: ClusterPool, { range }: Block): string {
  const { family, first, last } = range;
  if (pool.type === "ippool")
    return `${formatAddress({ family, value: first })}-${formatAddress({ family, value: last })}`;
  const bits = (last - first + 1n).toString(2).length - 1;
  return formatSubnet({ family, base: first, prefixLength: (family === 4 ? 32 : 128) - bits });
}

/** What the pool hands out of as a whole; "" when the spec does not say. */
export function describeNetwork({ network }: ClusterPool): string {
  return network === undefined ? "" : formatSubnet(network);
}
