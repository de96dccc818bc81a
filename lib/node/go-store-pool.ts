// SPDX-License-Identifier: Apache-2.0
import { type Address, formatAddress, parseAddress } from "../ip/address.ts";
import { type GoPool, type GoReservation, goEntryKey, parseGoPoolKey } from "./go-store.ts";
import { GoStoreError } from "./go-store-error.ts";
import { GoFields } from "./go-store-fields.ts";
import type { JsonValue } from "./go-store-json.ts";

/** `isReleased`: its owner has given it up; newer Go daemons keep such a while, so that the address rests. */
export type GoEntry = GoReservation & { readonly isReleased: boolean };
export type GoPoolEntries = Omit<GoPool, "reservations"> & { readonly reservations: readonly GoEntry[] };

/** One pool of the store under its key. Throws GoStoreError for anything that is not right. */
export function readGoPool(key: string, value: JsonValue): GoPoolEntries {
  const where = `pool ${JSON.stringify(key)}`;
  const ref = parseGoPoolKey(key) ?? refuse(where, "names no pool");
  const fields = new GoFields(value, where);
  const name = fields.text("name");
  if (name !== key) refuse(where, `is called ${JSON.stringify(name)} inside`);
  const reservations = [...(fields.object("entries") ?? [])].map(([entry, inner]) =>
    readEntry(entry, inner, `${where}, entry ${JSON.stringify(entry)}`),
  );
  const lastPoolConfig = fields.text("last_pool_config");
  const last = fields.optionalText("last_reserved_ip") ?? "";
  fields.end();
  checkDuplicates(reservations, where);
  return {
    ref,
    reservations,
    lastPoolConfig,
    ...(last !== "" && { lastReservedIp: readAddress(last, `${where}: last_reserved_ip`) }),
  };
}

function readEntry(key: string, value: JsonValue, where: string): GoEntry {
  const fields = new GoFields(value, where);
  const containerId = fields.text("container_id");
  const interfaceName = fields.text("interface_name");
  if (goEntryKey({ containerId, interfaceName }) !== key)
    refuse(
      where,
      `is of container ${JSON.stringify(containerId)}, interface ${JSON.stringify(interfaceName)}`,
    );
  const address = readAddress(fields.text("ip_address"), `${where}: ip_address`);
  const isReleased = fields.optionalText("released_at") !== undefined;
  const metadata = new GoFields(fields.object("metadata") ?? refuse(where, "has no metadata"), where);
  fields.end();
  const entry = {
    containerId,
    interfaceName,
    address,
    createTime: metadata.text("create_time"),
    podUid: metadata.text("pod_uuid"),
    podName: metadata.text("pod_name"),
    podNamespace: metadata.text("pod_namespace"),
    deviceId: metadata.text("device_id"),
    poolConfigSnapshot: metadata.text("pool_config_snapshot"),
    isReleased,
  };
  metadata.end();
  return entry;
}

function readAddress(text: string, where: string): Address {
  return parseAddress(text) ?? refuse(where, `${JSON.stringify(text)} is no IP address`);
}

function checkDuplicates(reservations: readonly GoReservation[], where: string): void {
  const holders = new Map<string, string>();
  for (const reservation of reservations) {
    const address = formatAddress(reservation.address);
    const holder = holders.get(address);
    const entry = JSON.stringify(goEntryKey(reservation));
    if (holder !== undefined) refuse(where, `gives ${address} to two entries, ${holder} and ${entry}`);
    holders.set(address, entry);
  }
}

function refuse(where: string, what: string): never {
  throw new GoStoreError(`cannot be relied on: ${where} ${what}`);
}
