// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Address, addressFromBytes } from "../ip/address.ts";
import type { PoolRef, PoolType } from "../pool/pool.ts";
import type { Attachment } from "./call.ts";
import { StoreAudit } from "./store-audit.ts";
import { type Page, type PageRequest, readPage } from "./store-page.ts";

export type PoolRow = {
  readonly id: number;
  readonly ref: PoolRef;
  readonly lastAddress?: Address;
  /** The last good share as text; absent when this node has none. */
  readonly share?: string;
};

/** A reservation as garbage collection looks at it. */
export type NetworkReservation = { readonly poolId: number; readonly attachment: Attachment };

/** The reading half of the store. Inside a transaction it sees what that has written so far. */
export class StoreReader {
  readonly audit: StoreAudit;
  readonly #db: DatabaseSync;
  readonly #addresses: StatementSync;
  readonly #held: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.audit = new StoreAudit(db);
    this.#addresses = db.prepare("SELECT address FROM reservations WHERE pool = ? ORDER BY address");
    this.#addresses.setReturnArrays(true); // every start reads all of them: objects take twice as long
    this.#held = db.prepare(
      "SELECT address FROM reservations WHERE pool = ? AND container_id = ? AND interface_name = ?",
    );
  }

  listPools(): PoolRow[] {
    const rows = this.#db.prepare("SELECT id, type, name, last_address, share FROM pools").all();
    return rows.map((row) => ({
      id: Number(row.id),
      ref: { type: row.type as PoolType, name: String(row.name) },
      ...(row.last_address !== null && {
        lastAddress: addressFromBytes(row.last_address as Uint8Array),
      }),
      ...(row.share !== null && { share: String(row.share) }),
    }));
  }

  /** In ascending order within a family. */
  listAddresses(poolId: number): Address[] {
    const rows: unknown[] = this.#addresses.all(poolId);
    return rows.map((row) => addressFromBytes((row as [Uint8Array])[0]));
  }

  /** The address that an attachment holds in a pool. */
  findAddress(poolId: number, { containerId, interfaceName }: Attachment): Address | undefined {
    const row = this.#held.get(poolId, containerId, interfaceName);
    return row && addressFromBytes(row.address as Uint8Array);
  }

  holds(poolId: number, attachment: Attachment): boolean {
    return this.findAddress(poolId, attachment) !== undefined;
  }

  /** Everything recorded under a network name before a moment. Reads all rows: it runs on CNI GC only. */
  listByNetwork(networkName: string, beforeMs: number): NetworkReservation[] {
    const rows = this.#db
      .prepare(
        "SELECT pool, container_id, interface_name FROM reservations WHERE network_name = ? AND created_at_ms < ?",
      )
      .all(networkName, beforeMs);
    return rows.map((row) => ({
      poolId: Number(row.pool),
      attachment: {
        containerId: String(row.container_id),
        interfaceName: String(row.interface_name),
      },
    }));
  }

  listReservations(request: PageRequest): Page {
    return readPage(this.#db, request);
  }
}
