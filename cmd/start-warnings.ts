// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import type { Logger } from "../lib/log/log.ts";
import { isLocal, leadsTo, parseBindAddress } from "../lib/node/bind-address.ts";
import type { DaemonSettings } from "./daemon-settings.ts";
import { ignoredFlagsGiven, type NodeFlags } from "./flags.ts";

const OF_A_CLUSTER: Partial<Record<keyof NodeFlags, string>> = {
  kubeconfig: "--kubeconfig",
  ippoolsNamespace: "--ippools-namespace",
  cleanerInterval: "--cleaner-interval",
};

/** Logs what the daemon starts with all the same. */
export function warnOfFlags(program: Command, { bind }: DaemonSettings, log: Logger): void {
  const ignored = ignoredFlagsGiven(program);
  if (ignored.length > 0) log.warn("these flags have no effect", { flags: ignored.join(",") });
  if (!isLocal(bind)) {
    log.warn("the service is open to the network without authentication: bind it to a socket or to loopback");
  }
}

/** The same for what only a daemon that runs has to do with: a start that fails says one line. */
export function warnOfSettings(program: Command, settings: DaemonSettings, log: Logger): void {
  const { bind, bindAddress, poolsDir, installation } = settings;
  const unused = poolsDir === undefined ? [] : clusterFlagsGiven(program);
  if (unused.length > 0) log.warn("these flags have no effect with --pools-dir", { flags: unused.join(",") });
  const told = installation.config?.settings.daemonSocket;
  // In a container they may differ rightly: the host has another path to the same directory.
  if (told !== undefined && !leadsTo(parseBindAddress(told), bind)) {
    const addresses = { cniDaemonSocket: told, bindAddress };
    log.warn("plugins are told to call another address than the daemon listens at", addresses);
  }
}

function clusterFlagsGiven(program: Command): string[] {
  return Object.entries(OF_A_CLUSTER)
    .filter(([name]) => program.getOptionValueSource(name) === "cli")
    .map(([, flag]) => flag);
}
