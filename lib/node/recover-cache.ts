// SPDX-License-Identifier: Apache-2.0
// What the container runtime remembers of each attachment that it has made and not taken down: libcni's files
// NETWORK-CONTAINERID-IFNAME, one JSON object each (containernetworking/cni, libcni/api.go, kind "cniCacheV1").
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Address, parseAddress } from "../ip/address.ts";
import { parseSubnet, type Subnet } from "../ip/subnet.ts";
import { describeError } from "../log/printable.ts";
import type { PoolRef } from "../pool/pool.ts";
import type { Attachment, Metadata } from "./call.ts";
import { readPools } from "./recover-cache-config.ts";
import { fieldOf, listOf, recordOf, textOf } from "./recover-json.ts";

/** One attachment whose addresses came from this IPAM. */
export type CachedAttachment = Attachment &
  Metadata & {
    readonly pools: readonly PoolRef[];
    /** In the order of the result, which is that of the pools unless another plugin has added some. */
    readonly addresses: readonly Address[];
    /** Of those addresses that came with a prefix length. */
    readonly networks: readonly Subnet[];
    readonly createdAtMs: number;
    readonly file: string;
  };

export type CacheLook = {
  readonly attachments: readonly CachedAttachment[];
  /** What could not be read, one sentence each. */
  readonly problems: readonly string[];
};

/** Reads the result files of a directory. One that is not there has none; what makes no sense is a problem. */
export function readResultCache(dir: string): CacheLook {
  const attachments: CachedAttachment[] = [];
  const problems: string[] = [];
  for (const name of listFiles(dir, problems)) {
    const file = join(dir, name);
    try {
      const attachment = readAttachment(file);
      if (attachment !== undefined) attachments.push(attachment);
    } catch (error) {
      problems.push(`${file} cannot be read: ${describeError(error)}`);
    }
  }
  return { attachments, problems };
}

function listFiles(dir: string, problems: string[]): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    problems.push(code === "ENOENT" ? `${dir} is not there` : `${dir} cannot be read: ${message}`);
    return [];
  }
}

/** undefined: made by another IPAM, or with an older libcni, which did not keep the configuration. */
function readAttachment(file: string): CachedAttachment | undefined {
  const entry = recordOf(JSON.parse(readFileSync(file, "utf8")));
  if (entry === undefined || entry.kind !== "cniCacheV1") return undefined;
  const networkName = textOf(entry.networkName);
  const config: unknown = JSON.parse(Buffer.from(textOf(entry.config), "base64").toString("utf8"));
  const found = readPools(config, networkName);
  if (found === undefined) return undefined;
  const containerId = textOf(entry.containerId);
  const interfaceName = textOf(entry.ifName);
  if (containerId === "" || interfaceName === "") throw new Error("it names no container or no interface");
  const args = new Map(
    listOf(entry.cniArgs).map((pair) => [textOf(listOf(pair)[0]), textOf(listOf(pair)[1])]),
  );
  const texts = readAddressTexts(entry.result);
  return {
    containerId,
    interfaceName,
    podName: args.get("K8S_POD_NAME") ?? "",
    podNamespace: args.get("K8S_POD_NAMESPACE") ?? "",
    podUid: args.get("K8S_POD_UID") ?? "",
    deviceId: found.deviceId,
    networkName,
    pools: found.pools,
    addresses: texts.map((text) => parseAddress(text.split("/")[0]!)).filter((one) => one !== undefined),
    networks: texts.map(parseSubnet).filter((one) => one !== undefined),
    createdAtMs: Math.round(statSync(file).mtimeMs),
    file,
  };
}

/** Of a result of any CNI version: `ips` since 0.3.0, before that `ip4` and `ip6`. */
function readAddressTexts(result: unknown): string[] {
  return [
    ...listOf(fieldOf(result, "ips")).map((ip) => fieldOf(ip, "address")),
    ...["ip4", "ip6"].map((key) => fieldOf(fieldOf(result, key), "ip")),
  ].map(textOf);
}
