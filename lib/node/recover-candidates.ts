// SPDX-License-Identifier: Apache-2.0
// What each source says of who holds which address, in one shape, with how far it is to be believed.
import type { Address } from "../ip/address.ts";
import { formatAddress, sameAddress } from "../ip/address.ts";
import { type Subnet, subnetContains } from "../ip/subnet.ts";
import { type PoolRef, poolKey } from "../pool/pool.ts";
import type { Attachment, Metadata } from "./call.ts";
import type { CachedAttachment } from "./recover-cache.ts";
import type { PodAddress } from "./recover-pods.ts";
import type { SalvagedRow, StoredExtras } from "./recover-rows.ts";
import { containerOfPod } from "./recovered-container.ts";

export type RecoverySource = "store" | "store-index" | "store-stray" | "runtime" | "pod";

export type Candidate = Attachment &
  Metadata &
  StoredExtras & {
    readonly pool: PoolRef;
    readonly address: Address;
    readonly createdAtMs: number;
    readonly source: RecoverySource;
    /** Of a pool's address in a result: the network that it came with. */
    readonly subnet?: Subnet;
  };

/** A row of the store whose pool is not known. */
export type Unplaced = Omit<Candidate, "pool" | "subnet">;

/** The network of each pool, by poolKey, where it is known. */
export type Subnets = ReadonlyMap<string, Subnet>;

const NO_EXTRAS: StoredExtras = { requested: null, goCreateTime: null, goSnapshot: null, sequence: null };
const NOBODY: Metadata = { podName: "", podNamespace: "", podUid: "", deviceId: "", networkName: "" };

/** One candidate for each pool that an attachment asked for; a sentence where its address cannot be told. */
export function fromRuntime(attachment: CachedAttachment, subnets: Subnets): (Candidate | string)[] {
  const { pools, addresses, networks, file, ...rest } = attachment;
  return pools.map((pool, i) => {
    const subnet = subnets.get(poolKey(pool));
    const inside = subnet && addresses.filter((address) => subnetContains(subnet, address));
    const inOrder = addresses.length === pools.length ? addresses[i] : undefined;
    const address = inside?.length === 1 ? inside[0] : subnet === undefined ? inOrder : undefined;
    const likely =
      address ?? (inside && inOrder && inside.some((one) => sameAddress(one, inOrder)) ? inOrder : undefined);
    if (likely !== undefined) {
      const network = networks.find((one) => subnetContains(one, likely));
      const told = { pool, address: likely, source: "runtime" as const, ...(network && { subnet: network }) };
      return { ...rest, ...NO_EXTRAS, ...told };
    }
    const texts = addresses.map(formatAddress).join(", ") || "none";
    return `${file}: which of its addresses (${texts}) is of pool "${pool.name}" cannot be told`;
  });
}

/** A candidate for each pool whose network holds the address: one too many costs an address, one too few gives it twice. */
export function fromPod(pod: PodAddress, subnets: Subnets): Candidate[] {
  const { address, interfaceName, ...names } = pod;
  return [...subnets]
    .filter(([, subnet]) => subnetContains(subnet, address))
    .map(([key]) => ({
      ...NOBODY,
      ...NO_EXTRAS,
      ...names,
      interfaceName,
      containerId: containerOfPod(pod.podUid),
      pool: refOf(key),
      address,
      createdAtMs: 0,
      source: "pod" as const,
    }));
}

/** `nowMs`: when a reservation was made of which that is not known. */
export function fromStore(row: SalvagedRow, nowMs: number): Unplaced {
  const { containerId, interfaceName, address, details } = row;
  const source = row.isStray ? "store-stray" : details === undefined ? "store-index" : "store";
  return {
    ...NOBODY,
    ...NO_EXTRAS,
    createdAtMs: nowMs,
    ...details,
    containerId,
    interfaceName,
    address,
    source,
  };
}

/** Who has which address, whatever pool it is of. */
export function holderKey({
  containerId,
  interfaceName,
  address,
}: Attachment & { address: Address }): string {
  return `${containerId} ${interfaceName} ${formatAddress(address)}`;
}

function refOf(key: string): PoolRef {
  const [type, name] = key.split("/", 2);
  return { type: type === "cidrpool" ? "cidrpool" : "ippool", name: name! };
}
