// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from "node:sqlite";

/**
 * Makes the store that of this node. One that was another node's (it came with a copy of that node's disk) loses its
 * shares: that node gives those addresses, and what this one has only the pools can say. Reservations and round-robin
 * positions stay. Returns that other node's name.
 */
export function takeOver(db: DatabaseSync, nodeName: string): string | undefined {
  const owner = db.prepare("SELECT node_name FROM meta").get()?.node_name;
  if (owner === nodeName) return undefined;
  const isOfAnother = typeof owner === "string";
  db.exec("BEGIN IMMEDIATE");
  if (isOfAnother) db.exec("UPDATE pools SET share = NULL");
  db.prepare("UPDATE meta SET node_name = ?").run(nodeName);
  db.exec("COMMIT");
  return isOfAnother ? owner : undefined;
}
