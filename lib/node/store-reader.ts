// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Address, addressFromBytes } from "../ip/address.ts";
import type { PoolRef, PoolType } from "../pool/pool.ts";
import type { Attachment } from "./call.ts";
import { formatGoStore } from "./go-store-write.ts";
import { RECOVERED_PREFIXES } from "./recovered-container.ts";
import { StoreAudit } from "./store-audit.ts";
import { readGoStore } from "./store-go-rows.ts";
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

/** An address that is reserved; the time in milliseconds since the epoch. */
export type Held = { readonly address: Address; readonly createdAtMs: number };

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
      "SELECT address, created_at_ms FROM reservations WHERE pool = ? AND container_id = ? AND interface_name = ?",
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

  /** The container IDs that a recovery has made, some of them several times. */
  listRecovered(poolId: number): string[] {
    const list = this.#db.prepare(
      "SELECT container_id FROM reservations WHERE pool = ? AND container_id >= ? AND container_id < ?",
    );
    return RECOVERED_PREFIXES.flatMap((prefix) =>
      list.all(poolId, prefix, `${prefix}\u{10ffff}`).map((row) => String(row.container_id)),
    );
  }

  /** What an attachment holds in a pool, and since when. */
  findHeld(poolId: number, { containerId, interfaceName }: Attachment): Held | undefined {
    const row = this.#held.get(poolId, containerId, interfaceName);
    if (row === undefined) return undefined;
    return {
      address: addressFromBytes(row.address as Uint8Array),
      createdAtMs: Number(row.created_at_ms),
    };
  }

  holds(poolId: number, attachment: Attachment): boolean {
    return this.findHeld(poolId, attachment) !== undefined;
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

  /** The highest number that a reservation has, 0 when none has one. Reads all rows: it runs at the start only. */
  lastSequence(): number {
    return Number(this.#db.prepare("SELECT max(sequence) AS last FROM reservations").get()?.last ?? 0);
  }

  listReservations(request: PageRequest): Page {
    return readPage(this.#db, request);
  }

  /** The whole content as the Go daemon's store file has it. */
  exportToGo(): string {
    return formatGoStore(readGoStore(this.#db)).toString();
  }
}
