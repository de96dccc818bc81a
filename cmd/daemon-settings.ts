// SPDX-License-Identifier: Apache-2.0
import { hostname } from "node:os";
import { type BindAddress, type HttpAddress, parseBindAddress } from "../lib/node/bind-address.ts";
import type { Installation } from "../lib/node/installer.ts";
import type { InstallFlags, NodeFlags } from "./flags.ts";
import type { HttpEndpoint as Endpoint } from "./http-endpoint.ts";

/** Where an endpoint goes and what it is called. */
type HttpEndpoint = Omit<Endpoint, "start">;

/** What the daemon needs to know of its cluster. */
export type KubeSettings = {
  readonly nodeName: string;
  /** Of the pools. */
  readonly namespace: string;
  readonly kubeconfig?: string;
  readonly cleanerIntervalMs: number;
};

/** What the flags come to. */
export type DaemonSettings = {
  readonly nodeName: string;
  /** Absent: pools come from a Kubernetes API. */
  readonly poolsDir?: string;
  readonly kube: KubeSettings;
  readonly storeFile: string;
  readonly storeSynchronous: "full" | "normal";
  /** As written. */
  readonly bindAddress: string;
  readonly bind: BindAddress;
  readonly probes: HttpEndpoint;
  readonly metrics: HttpEndpoint;
  readonly installation: Installation;
};

/** What is put on the host, and where. */
export function installationOf(flags: InstallFlags): Installation {
  const settings = {
    daemonSocket: flags.cniDaemonSocket,
    daemonCallTimeoutSeconds: flags.cniDaemonCallTimeout,
    logFile: flags.cniLogFile,
    logLevel: flags.cniLogLevel,
    forcePoolName: flags.cniForcePoolName,
  };
  const binary = { source: flags.cniNvIpamBinFile, dir: flags.cniBinDir };
  return {
    ...(flags.cniSkipNvIpamBinaryCopy ? {} : { binary }),
    ...(flags.cniSkipNvIpamConfigCreation ? {} : { config: { dir: flags.cniConfDir, settings } }),
  };
}

/** Nobody asks a host without Kubernetes: there a standard port may be somebody else's, one that was asked for may not. */
function endpointsOf(
  { poolsDir, healthProbeBindAddress, metricsBindAddress }: NodeFlags,
  wasGiven: (flag: keyof NodeFlags) => boolean,
): { probes: HttpEndpoint; metrics: HttpEndpoint } {
  const on = (address: HttpAddress | "off") => (address === "off" ? {} : { address });
  return {
    probes: {
      name: "health probes",
      flag: "health-probe-bind-address",
      ...on(healthProbeBindAddress),
      required: poolsDir === undefined || wasGiven("healthProbeBindAddress"),
    },
    metrics: {
      name: "metrics",
      flag: "metrics-bind-address",
      ...on(metricsBindAddress),
      required: poolsDir === undefined || wasGiven("metricsBindAddress"),
    },
  };
}

/** `wasGiven`: whether the flag was given, and its value is not the default. */
export function daemonSettings(
  flags: NodeFlags,
  wasGiven: (flag: keyof NodeFlags) => boolean,
): DaemonSettings {
  const { poolsDir, storeFile, storeSynchronous, bindAddress, kubeconfig } = flags;
  const nodeName = flags.nodeName || (poolsDir === undefined ? "" : hostname());
  return {
    nodeName,
    ...(poolsDir === undefined ? {} : { poolsDir }),
    kube: {
      nodeName,
      namespace: flags.ippoolsNamespace,
      ...(kubeconfig ? { kubeconfig } : {}),
      cleanerIntervalMs: flags.cleanerInterval * 1000,
    },
    storeFile,
    storeSynchronous,
    bindAddress,
    bind: parseBindAddress(bindAddress),
    ...endpointsOf(flags, wasGiven),
    installation: installationOf(flags),
  };
}
