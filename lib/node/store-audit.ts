// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  ADDRESS_BITS,
  type Address,
  addressFromBytes,
  addressToBytes,
  formatAddress,
} from "../ip/address.ts";
import type { Range } from "../ip/range.ts";
import { subnetRange } from "../ip/subnet.ts";
import type { Share } from "../pool/share.ts";

/** What a pool holds more than once. */
export type Duplicate = {
  readonly poolId: number;
  readonly kind: "address" | "attachment";
  readonly text: string;
};

const WITHIN = "length(address) = ? AND address BETWEEN ? AND ?";
/** Addresses that a caller named may lie anywhere in the subnet; those that were chosen only in the range. */
const MISPLACED = `pool = ? AND (NOT (${WITHIN}) OR (requested = 0 AND NOT (${WITHIN})))`;

/** What a check asks of the rows. The counting is left to the database: no calls are answered meanwhile. */
export class StoreAudit {
  readonly #db: DatabaseSync;
  readonly #countWithin: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#countWithin = db.prepare(`SELECT count(*) AS n FROM reservations WHERE pool = ? AND ${WITHIN}`);
  }

  countReservations(poolId: number): number {
    return this.#count("pool = ?", [poolId]);
  }

  countReservationsWithin(poolId: number, range: Range): number {
    return Number(this.#countWithin.get(poolId, ...within(range))?.n);
  }

  /** The lowest of the addresses that the share cannot have given, at most `limit`, and how many there are. */
  listMisplaced(poolId: number, share: Share, limit: number): { addresses: Address[]; total: number } {
    const values = [poolId, ...within(subnetRange(share.subnet)), ...within(share.range)];
    const addresses = this.#db
      .prepare(`SELECT address FROM reservations WHERE ${MISPLACED} ORDER BY address LIMIT ?`)
      .all(...values, limit)
      .map((row) => addressFromBytes(row.address as Uint8Array));
    const total = addresses.length < limit ? addresses.length : this.#count(MISPLACED, values);
    return { addresses, total };
  }

  /** What the database finds wrong with itself, one sentence each. */
  listIntegrityProblems(): string[] {
    const found = this.#db
      .prepare("PRAGMA integrity_check")
      .all()
      .map((row) => String(Object.values(row)[0]));
    const orphans = this.#db.prepare("PRAGMA foreign_key_check").all();
    return [
      ...found.filter((text) => text !== "ok"),
      ...orphans.map((row) => `a row of ${row.table} belongs to no row of ${row.parent}`),
    ];
  }

  /** Addresses and attachments that a pool holds more than once: counted over the rows, whatever the indexes say. */
  listDuplicates(): Duplicate[] {
    const rows = (columns: string, shown: string) =>
      this.#db
        .prepare(
          `SELECT +pool AS pool, ${shown} AS shown FROM reservations GROUP BY +pool, ${columns} HAVING count(*) > 1`,
        )
        .all();
    return [
      ...rows("+address", "address").map(({ pool, shown }): Duplicate => {
        const text = formatAddress(addressFromBytes(shown as Uint8Array));
        return { poolId: Number(pool), kind: "address", text };
      }),
      ...rows("+container_id, +interface_name", "container_id || ' ' || interface_name").map(
        ({ pool, shown }): Duplicate => ({ poolId: Number(pool), kind: "attachment", text: String(shown) }),
      ),
    ];
  }

  #count(condition: string, values: readonly SQLInputValue[]): number {
    const row = this.#db.prepare(`SELECT count(*) AS n FROM reservations WHERE ${condition}`).get(...values);
    return Number(row?.n);
  }
}

/** The values of WITHIN. */
function within({ family, first, last }: Range): SQLInputValue[] {
  return [
    ADDRESS_BITS[family] / 8,
    addressToBytes({ family, value: first }),
    addressToBytes({ family, value: last }),
  ];
}
