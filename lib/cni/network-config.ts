// SPDX-License-Identifier: Apache-2.0
import type { JsonStruct } from "./json-struct.ts";
import { type IpamSettings, readIpamSettings } from "./settings.ts";

/** One interface of one container, as CNI GC lists it. */
export type ValidAttachment = { readonly containerId: string; readonly interfaceName: string };

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
  /** What GC must leave; absent: the runtime did not say. */
  readonly validAttachments?: readonly ValidAttachment[];
};

/** Throws Error where a value has the wrong type. */
export function readNetworkConfig(network: JsonStruct): NetworkConfig {
  network.string("type"); // not used, but a number there is a mistake
  const ipam = network.struct("ipam");
  const runtimeIps = network.struct("runtimeConfig")?.strings("ips") ?? [];
  const cni = network.struct("args")?.struct("cni");
  const cniIps = cni?.strings("ips") ?? [];
  const index = cni?.int32("allocateIPWithIndex");
  const attachments = readAttachments(network);
  return {
    name: network.string("name"),
    ...(ipam && { ipam: readIpamSettings(ipam) }),
    deviceId: network.string("deviceID"),
    ips: runtimeIps.length > 0 ? runtimeIps : cniIps,
    poolNames: cni?.strings("poolNames") ?? [],
    poolType: cni?.string("poolType") ?? "",
    allocateDefaultGateway: cni?.boolean("allocateDefaultGateway") ?? false,
    ...(index !== undefined && { allocateIpWithIndex: index }),
    ...(attachments && { validAttachments: attachments }),
  };
}

/** An entry without container or interface would let a live reservation go: it is an error. */
function readAttachments(network: JsonStruct): ValidAttachment[] | undefined {
  const key = network.structs("cni.dev/valid-attachments")
    ? "cni.dev/valid-attachments"
    : "cni.dev/attachments";
  return network.structs(key)?.map((entry, i) => {
    const attachment = { containerId: entry.string("containerID"), interfaceName: entry.string("ifname") };
    if (attachment.containerId === "") throw new Error(`${key}[${i}] has no containerID`);
    if (attachment.interfaceName === "") throw new Error(`${key}[${i}] has no ifname`);
    return attachment;
  });
}
