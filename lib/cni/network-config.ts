// SPDX-License-Identifier: Apache-2.0
import type { JsonStruct } from "./json-struct.ts";
import { type IpamSettings, readIpamSettings } from "./settings.ts";

/** What the plugin reads of the network configuration on stdin; empty strings and lists where nothing is said. */
export type NetworkConfig = {
  readonly name: string;
  /** Absent: the configuration is not for this plugin. */
  readonly ipam?: IpamSettings;
  readonly deviceId: string;
  /** runtimeConfig.ips, else args.cni.ips, as written. */
  readonly ips: readonly string[];
  readonly poolNames: readonly string[];
  readonly poolType: string;
  readonly allocateDefaultGateway: boolean;
  readonly allocateIpWithIndex?: number;
};

/** Throws Error where a value has the wrong type. */
export function readNetworkConfig(network: JsonStruct): NetworkConfig {
  const ipam = network.struct("ipam");
  const runtimeIps = network.struct("runtimeConfig")?.strings("ips") ?? [];
  const cni = network.struct("args")?.struct("cni");
  const cniIps = cni?.strings("ips") ?? [];
  const index = cni?.int32("allocateIPWithIndex");
  return {
    name: network.string("name"),
    ...(ipam && { ipam: readIpamSettings(ipam) }),
    deviceId: network.string("deviceID"),
    ips: runtimeIps.length > 0 ? runtimeIps : cniIps,
    poolNames: cni?.strings("poolNames") ?? [],
    poolType: cni?.string("poolType") ?? "",
    allocateDefaultGateway: cni?.boolean("allocateDefaultGateway") ?? false,
    ...(index !== undefined && { allocateIpWithIndex: index }),
  };
}
