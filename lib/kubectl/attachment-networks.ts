// SPDX-License-Identifier: Apache-2.0
import type { PoolRef, PoolType } from "../pool/pool.ts";
import { type Api, listAt, listObjects, statusOf, textAt, valueAt } from "./api.ts";

/** Which pools a NetworkAttachmentDefinition names; empty: another plugin gives its addresses. */
export type AttachmentNetworks = ReadonlyMap<string, readonly PoolRef[]>;

const RESOURCE = { group: "k8s.cni.cncf.io", version: "v1", plural: "network-attachment-definitions" };

/** By "namespace/name". Empty where the definitions cannot be had: then addresses alone tell the pool. */
export async function listNetworks(api: Api): Promise<AttachmentNetworks> {
  try {
    const networks = await listObjects(api, RESOURCE, ({ metadata, object }) => {
      const pools = namedPools(textAt(object, "spec", "config"), metadata.name);
      return [`${metadata.namespace}/${metadata.name}`, pools] as const;
    });
    return new Map(networks.flatMap(([key, pools]) => (pools === undefined ? [] : [[key, pools] as const])));
  } catch (error) {
    const status = statusOf(error);
    if (status === 403 || status === 404) return new Map();
    throw error;
  }
}

/** undefined: the configuration does not say (it may lie in a file on the nodes). */
function namedPools(config: string, name: string): PoolRef[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(config);
  } catch {
    return undefined; // Multus refuses it as well
  }
  const plugins = [parsed, ...listAt(parsed, "plugins")];
  const ipam = plugins.map((plugin) => valueAt(plugin, "ipam")).find((value) => textAt(value, "type") !== "");
  if (ipam === undefined) return undefined;
  if (textAt(ipam, "type") !== "nv-ipam") return [];
  const type: PoolType = textAt(ipam, "poolType").toLowerCase() === "cidrpool" ? "cidrpool" : "ippool";
  const names = textAt(ipam, "poolName") || textAt(parsed, "name") || name;
  return names.split(",").map((pool) => ({ type, name: pool }));
}
