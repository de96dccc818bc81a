// SPDX-License-Identifier: Apache-2.0
import { hostname } from "node:os";
import { type BindAddress, type HttpAddress, parseBindAddress } from "../lib/node/bind-address.ts";
import type { Installation } from "../lib/node/installer.ts";
import type { NodeFlags } from "./flags.ts";

/** What the flags come to. */
export type DaemonSettings = {
  readonly nodeName: string;
  /** Absent: pools come from a Kubernetes API. */
  readonly poolsDir?: string;
  readonly storeFile: string;
  /** As written. */
  readonly bindAddress: string;
  readonly bind: BindAddress;
  /** Absent: off. */
  readonly probes?: HttpAddress;
  /** Whether the user named the address. */
  readonly probesChosen: boolean;
  readonly installation: Installation;
};

function installationOf(flags: NodeFlags): Installation {
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

/** `probesChosen`: the probes' address was given, it is not the default. */
export function daemonSettings(flags: NodeFlags, probesChosen: boolean): DaemonSettings {
  const { nodeName, poolsDir, storeFile, bindAddress, healthProbeBindAddress } = flags;
  return {
    nodeName: nodeName || (poolsDir === undefined ? "" : hostname()),
    ...(poolsDir === undefined ? {} : { poolsDir }),
    storeFile,
    bindAddress,
    bind: parseBindAddress(bindAddress),
    ...(healthProbeBindAddress === "off" ? {} : { probes: healthProbeBindAddress }),
    probesChosen,
    installation: installationOf(flags),
  };
}
