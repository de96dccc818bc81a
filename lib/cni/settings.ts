// SPDX-License-Identifier: Apache-2.0
import { JsonStruct } from "./json-struct.ts";
import type { Platform } from "./platform.ts";

/** The `ipam` object and the file nv-ipam.conf, which have the same keys; "" and 0 mean that nothing is said. */
export type IpamSettings = {
  /** True: the network's name is no pool name. */
  readonly forcePoolName: boolean | undefined;
  readonly poolName: string;
  readonly poolType: string;
  readonly daemonSocket: string;
  readonly daemonCallTimeoutSeconds: number;
  readonly confDir: string;
  readonly logFile: string;
  readonly logLevel: string;
};

const DEFAULTS: IpamSettings = {
  forcePoolName: false,
  poolName: "",
  poolType: "ippool",
  daemonSocket: "unix:///var/lib/cni/nv-ipam/daemon.sock",
  daemonCallTimeoutSeconds: 5,
  confDir: "/etc/cni/net.d/nv-ipam.d",
  logFile: "/var/log/nv-ipam-cni.log",
  logLevel: "info",
};

const FILE_NAME = "nv-ipam.conf";
const MAX_FILE_BYTES = 1 << 20;

/** Throws Error where a value has the wrong type. */
export function readIpamSettings(ipam: JsonStruct): IpamSettings {
  ipam.string("type"); // not used, but a number there is a mistake
  return {
    forcePoolName: ipam.boolean("forcePoolName"),
    poolName: ipam.string("poolName"),
    poolType: ipam.string("poolType"),
    daemonSocket: ipam.string("daemonSocket"),
    daemonCallTimeoutSeconds: ipam.int("daemonCallTimeoutSeconds"),
    confDir: ipam.string("confDir"),
    logFile: ipam.string("logFile"),
    logLevel: ipam.string("logLevel"),
  };
}

/** Each value from the network configuration, else from the file in its confDir, else the default. */
export function completeSettings(written: IpamSettings, platform: Platform): IpamSettings {
  const confDir = written.confDir || DEFAULTS.confDir;
  const file = readFile(`${confDir.replace(/\/+$/, "")}/${FILE_NAME}`, platform);
  const own = { ...written, confDir };
  return overlay(file === undefined ? own : overlay(own, file), DEFAULTS);
}

function readFile(path: string, platform: Platform): IpamSettings | undefined {
  try {
    const text = platform.readFile(path, MAX_FILE_BYTES);
    return text === undefined ? undefined : readIpamSettings(JsonStruct.parse(text, "IPAMConf"));
  } catch (error) {
    throw new Error(`failed to read/parse config file(${path}). ${(error as Error).message}`);
  }
}

function overlay(over: IpamSettings, under: IpamSettings): IpamSettings {
  return {
    forcePoolName: over.forcePoolName ?? under.forcePoolName,
    poolName: over.poolName || under.poolName,
    poolType: over.poolType || under.poolType,
    daemonSocket: over.daemonSocket || under.daemonSocket,
    daemonCallTimeoutSeconds: over.daemonCallTimeoutSeconds || under.daemonCallTimeoutSeconds,
    confDir: over.confDir || under.confDir,
    logFile: over.logFile || under.logFile,
    logLevel: over.logLevel || under.logLevel,
  };
}
