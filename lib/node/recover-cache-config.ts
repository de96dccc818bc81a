// SPDX-License-Identifier: Apache-2.0
// Which pools a cached network configuration asks for, by the rules of the plugin (docs/configuration.md).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PoolRef } from "../pool/pool.ts";
import { fieldOf, listOf, textOf } from "./recover-json.ts";

const IPAM_TYPE = "nv-ipam";
const CONF_DIR = "/etc/cni/net.d/nv-ipam.d";
const MAX_POOLS = 2;

/** undefined: the configuration, or every plugin of its list, has another IPAM. Throws for one that no call succeeds with. */
export function readPools(
  config: unknown,
  networkName: string,
): { readonly pools: readonly PoolRef[]; readonly deviceId: string } | undefined {
  const plugins = fieldOf(config, "plugins") === undefined ? [config] : listOf(fieldOf(config, "plugins"));
  const plugin = plugins.find((one) => textOf(fieldOf(fieldOf(one, "ipam"), "type")) === IPAM_TYPE);
  if (plugin === undefined) return undefined;
  const ipam = fieldOf(plugin, "ipam");
  const file = readConfFile(textOf(fieldOf(ipam, "confDir")) || CONF_DIR);
  const setting = (key: string) => textOf(fieldOf(ipam, key)) || textOf(fieldOf(file, key));
  const wanted = fieldOf(fieldOf(plugin, "args"), "cni");
  const listed = listOf(fieldOf(wanted, "poolNames")).map(textOf);
  const names = listed.length > 0 ? listed : (setting("poolName") || networkName).split(",");
  const type = (textOf(fieldOf(wanted, "poolType")) || setting("poolType") || "ippool").toLowerCase();
  if (type !== "ippool" && type !== "cidrpool") throw new Error(`poolType "${type}" is none`);
  if (names.includes("") || names.length > MAX_POOLS) throw new Error("it names no pool, or too many");
  return { pools: names.map((name) => ({ type, name })), deviceId: textOf(fieldOf(plugin, "deviceID")) };
}

/** The plugin's own configuration; the daemon writes it without pools, an administrator may have added some. */
function readConfFile(dir: string): unknown {
  try {
    return JSON.parse(readFileSync(join(dir, "nv-ipam.conf"), "utf8"));
  } catch {
    return undefined; // the plugin would have failed with one that is broken, and this attachment would not exist
  }
}
