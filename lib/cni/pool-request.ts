// SPDX-License-Identifier: Apache-2.0
// What an attachment asks for: which pools, which addresses. The messages are fixed texts that users and runtimes match.
import { formatAddress, parseAddress } from "../ip/address.ts";
import type { PoolType } from "../pool/pool.ts";
import type { CniArgs } from "./cni-args.ts";
import type { NetworkConfig } from "./network-config.ts";
import type { IpamSettings } from "./settings.ts";

const MAX_POOLS = 2;

/** Addresses of the configuration come before the one of CNI_ARGS; throws Error for what is no address. */
export function chooseStaticIps(network: NetworkConfig, args: CniArgs): string[] {
  const ips = network.ips.map((ip) => parseIp(ip, "static IP request contains invalid IP address"));
  if (ips.length > 0 || !args.IP) return ips;
  return [parseIp(args.IP, "CNI_ARGS: IP argument contains invalid IP address")];
}

/** One way only to choose an address; throws Error for two of them. */
export function checkFeatures(network: NetworkConfig, hasStaticIps: boolean): void {
  const { allocateDefaultGateway, allocateIpWithIndex: index } = network;
  if (index !== undefined && index < 0) throw new Error("allocateIPWithIndex can't be negative");
  if (allocateDefaultGateway && hasStaticIps)
    throw new Error("allocateDefaultGateway can't be used together with static IP request");
  if (allocateDefaultGateway && index !== undefined)
    throw new Error("allocateDefaultGateway can't be used together allocateIPWithIndex");
  if (index !== undefined && hasStaticIps)
    throw new Error("allocateIPWithIndex can't be used together with static IP request");
}

/** The pools that the configuration names, else `fallback` ("": none); throws Error when there are too many or empty names. */
export function choosePools(network: NetworkConfig, settings: IpamSettings, fallback: string): string[] {
  const name = settings.poolName || fallback;
  const pools = network.poolNames.length > 0 ? [...network.poolNames] : name === "" ? [] : name.split(",");
  if (pools.length > MAX_POOLS) throw new Error("pool field can't contain more then two entries");
  if (pools.includes("")) throw new Error("pool field has invalid format");
  return pools;
}

export function choosePoolType(network: NetworkConfig, settings: IpamSettings): PoolType {
  const type = (network.poolType || settings.poolType).toLowerCase();
  if (type === "ippool" || type === "cidrpool") return type;
  throw new Error(`unsupported poolType ${type}, supported values: ippool, cidrpool`);
}

/** A prefix length after the address is dropped. */
function parseIp(text: string, message: string): string {
  const address = parseAddress(text.split("/")[0]!);
  if (address === undefined) throw new Error(message);
  return formatAddress(address);
}
