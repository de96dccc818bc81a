// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { addressToBytes } from "../ip/address.ts";
import { poolKey } from "../pool/pool.ts";
import { discard, removeUnfinished, syncPath } from "./import-swap.ts";
import type { RecoveryPlan } from "./recover-plan.ts";
import { OWNER_ONLY } from "./replace-file.ts";
import { DAEMON_LOOKS_MS, isHeld } from "./store-lock.ts";
import { migrate } from "./store-migrate.ts";
import { recoveredPath } from "./store-recovered.ts";

/**
 * Writes a store of the plan's content, complete and synced, to where it waits for its place (store-recovered.ts). Throws
 * Error when a daemon has the store, and what the system and the database refuse; nothing is left then.
 */
export function rebuildStore(path: string, plan: RecoveryPlan): void {
  const building = `${path}-recovering`;
  removeUnfinished(building);
  try {
    closeSync(openSync(building, "wx", OWNER_ONLY));
    write(building, plan);
    syncPath(building);
    renameSync(building, recoveredPath(path));
    syncPath(dirname(path));
  } catch (error) {
    discard(building);
    throw error;
  }
  // A daemon that opened it before it could see that file has the lock by now, and keeps it if the store is whole.
  if (!existsSync(path) || !isHeld(path, DAEMON_LOOKS_MS)) return;
  rmSync(recoveredPath(path));
  throw new Error(`store ${path} is in use by a daemon`);
}

function write(file: string, { pools, reservations, nodeName }: RecoveryPlan): void {
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY");
    migrate(db);
    db.exec("BEGIN");
    db.prepare("UPDATE meta SET node_name = ?").run(nodeName ?? null);
    const ids = new Map<string, number>();
    const addPool = db.prepare("INSERT INTO pools (type, name, last_address, share) VALUES (?, ?, ?, ?)");
    for (const { ref, lastAddress, share } of pools) {
      const last = lastAddress === undefined ? null : addressToBytes(lastAddress);
      ids.set(poolKey(ref), Number(addPool.run(ref.type, ref.name, last, share ?? null).lastInsertRowid));
    }
    const add = db.prepare(
      `INSERT INTO reservations (pool, address, container_id, interface_name, pod_name, pod_namespace, pod_uid, device_id,
         network_name, requested, created_at_ms, go_create_time, go_pool_config_snapshot, sequence)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const one of reservations) {
      add.run(
        ids.get(poolKey(one.pool))!,
        addressToBytes(one.address),
        one.containerId,
        one.interfaceName,
        one.podName,
        one.podNamespace,
        one.podUid,
        one.deviceId,
        one.networkName,
        one.requested === null ? null : Number(one.requested),
        one.createdAtMs,
        one.goCreateTime,
        one.goSnapshot,
        one.sequence,
      );
    }
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}
