// SPDX-License-Identifier: Apache-2.0
import type { PoolType } from "../pool/pool.ts";
import { type IPAMParameters, PoolTypeNumber } from "../rpc/messages.ts";
import { type CniArgs, parseCniArgs } from "./cni-args.ts";
import { type DaemonAddress, parseDaemonAddress } from "./daemon-address.ts";
import type { Environment } from "./environment.ts";
import type { JsonStruct } from "./json-struct.ts";
import { type NetworkConfig, readNetworkConfig } from "./network-config.ts";
import type { Platform } from "./platform.ts";
import { checkFeatures, choosePools, choosePoolType, chooseStaticIps } from "./pool-request.ts";
import { completeSettings, type IpamSettings } from "./settings.ts";

/** What one grpc-timeout field can carry in milliseconds, 27 hours. */
const MAX_TIMEOUT_MS = 99_999_999;

/** The configuration of a call, before what it asks for is looked at. */
export type Config = { readonly network: NetworkConfig; readonly settings: IpamSettings };

export type NamedPools = {
  readonly pools: readonly string[];
  readonly poolType: { readonly name: PoolType; readonly number: number };
};

export type Daemon = { readonly address: DaemonAddress; readonly timeoutMs: number };

/** Throws Error for values of wrong types, a missing `ipam` and a broken nv-ipam.conf. */
export function loadConfig(struct: JsonStruct, platform: Platform): Config {
  let network: NetworkConfig;
  try {
    network = readNetworkConfig(struct);
  } catch (error) {
    throw new Error(`failed to unmarshal configurations. ${(error as Error).message}`);
  }
  if (network.ipam === undefined) throw new Error("IPAM config missing 'ipam' key");
  return { network, settings: completeSettings(network.ipam, platform) };
}

/** Throws Error for an address that cannot be connected to. */
export function findDaemon({ settings }: Config): Daemon {
  const seconds = settings.daemonCallTimeoutSeconds;
  if (seconds < 0) throw new Error("daemonCallTimeoutSeconds can't be negative");
  return {
    address: parseDaemonAddress(settings.daemonSocket),
    timeoutMs: Math.min(seconds * 1000, MAX_TIMEOUT_MS),
  };
}

/** The parameters of Allocate, Deallocate and IsAllocated; throws Error with a fixed text for each mistake. */
export function buildParameters({ network, settings }: Config, caller: Environment): IPAMParameters {
  if (network.ips.length > 0) chooseStaticIps(network, {}); // before CNI_ARGS are looked at, as Go does
  const args = parseCniArgs(caller.args);
  checkPodNames(args);
  const requestedIps = chooseStaticIps(network, args);
  checkFeatures(network, requestedIps.length > 0);
  const pools = choosePools(network, settings, settings.forcePoolName ? "" : network.name);
  if (pools.length === 0) throw new Error("no pool provided");
  return {
    pools,
    cniContainerid: caller.containerId,
    cniIfname: caller.interfaceName,
    metadata: {
      k8sPodName: args.K8S_POD_NAME ?? "",
      k8sPodNamespace: args.K8S_POD_NAMESPACE ?? "",
      k8sPodUid: args.K8S_POD_UID ?? "",
      deviceId: network.deviceId,
      networkName: network.name,
    },
    poolType: PoolTypeNumber[choosePoolType(network, settings)],
    requestedIps,
    features: {
      allocateDefaultGateway: network.allocateDefaultGateway,
      allocateIpWithIndex: network.allocateIpWithIndex,
    },
  };
}

/** The pools that STATUS asks about: only those that the configuration itself names. */
export function namedPools({ network, settings }: Config): NamedPools {
  checkFeatures(network, chooseStaticIps(network, {}).length > 0);
  const pools = choosePools(network, settings, "");
  const name = choosePoolType(network, settings);
  return { pools, poolType: { name, number: PoolTypeNumber[name] } };
}

/** Outside Kubernetes there is no pod, and the daemon decides whether it serves such callers. */
function checkPodNames(args: CniArgs): void {
  const name = args.K8S_POD_NAME ?? "";
  const namespace = args.K8S_POD_NAMESPACE ?? "";
  if (name === "" && namespace !== "")
    throw new Error("CNI_ARGS: K8S_POD_NAME is not provided by container runtime");
  if (namespace === "" && name !== "")
    throw new Error("CNI_ARGS: K8S_POD_NAMESPACE is not provided by container runtime");
}
