// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Address, addressFromBytes, addressToBytes } from "../ip/address.ts";
import type { PoolRef } from "../pool/pool.ts";
import type { Attachment, Metadata } from "./call.ts";
import { violatedConstraint } from "./store-failure.ts";

export type NewReservation = {
  readonly poolId: number;
  readonly address: Address;
  readonly attachment: Attachment;
  readonly metadata: Metadata;
  /** The caller named the address. */
  readonly requested: boolean;
  readonly createdAtMs: number;
};

export type Writes = ReturnType<typeof prepareWrites>;

/** The statements of a transaction, prepared once for a database. */
export function prepareWrites(db: DatabaseSync) {
  return {
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    savepoint: db.prepare("SAVEPOINT call"),
    release: db.prepare("RELEASE call"),
    rollbackTo: db.prepare("ROLLBACK TO call"),
    reserve: db.prepare(
      `INSERT INTO reservations (pool, address, container_id, interface_name, pod_name, pod_namespace, pod_uid,
         device_id, network_name, requested, created_at_ms, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    release1: db.prepare(
      "DELETE FROM reservations WHERE pool = ? AND container_id = ? AND interface_name = ? RETURNING address",
    ),
    setLastAddress: db.prepare("UPDATE pools SET last_address = ? WHERE id = ?"),
    addPool: db.prepare("INSERT INTO pools (type, name, share) VALUES (?, ?, ?)"),
    setShare: db.prepare("UPDATE pools SET share = ? WHERE id = ?"),
    forgetPool: db.prepare(
      `DELETE FROM pools WHERE id = ? AND share IS NULL
         AND NOT EXISTS (SELECT 1 FROM reservations WHERE pool = pools.id)`,
    ),
  };
}

/** A batch on its way to the disk. Nothing in it may await: the next batch would find it open. */
export class Transaction {
  readonly #db: DatabaseSync;
  readonly #statements: Writes;
  readonly #nextSequence: () => number;
  #count = 0;

  /** `nextSequence`: a higher number each time than any reservation has. */
  constructor(db: DatabaseSync, writes: Writes, nextSequence: () => number) {
    this.#db = db;
    this.#statements = writes;
    this.#nextSequence = nextSequence;
  }

  /** False after an error that took the whole transaction with it (a full disk, an I/O error). */
  get alive(): boolean {
    return this.#db.isTransaction;
  }

  /** Statements that have changed something, those included that a savepoint has undone. */
  get writes(): number {
    return this.#count;
  }

  /** Whether commit() puts something on the disk. */
  get wrote(): boolean {
    return this.#count > 0;
  }

  /** Returns when everything is on the disk. */
  commit(): void {
    this.#statements.commit.run();
  }

  rollback(): void {
    if (this.alive) this.#statements.rollback.run();
  }

  /** What follows can be undone alone, up to the release; there is one savepoint at a time. */
  savepoint(): void {
    this.#statements.savepoint.run();
  }

  releaseSavepoint(): void {
    this.#statements.release.run();
  }

  rollbackToSavepoint(): void {
    this.#statements.rollbackTo.run();
    this.#statements.release.run();
  }

  /** Stores a reservation, or says which one is in its way. */
  reserve(reservation: NewReservation): "reserved" | "address-taken" | "attachment-taken" {
    const { poolId, address, attachment, metadata } = reservation;
    try {
      this.#statements.reserve.run(
        poolId,
        addressToBytes(address),
        attachment.containerId,
        attachment.interfaceName,
        metadata.podName,
        metadata.podNamespace,
        metadata.podUid,
        metadata.deviceId,
        metadata.networkName,
        reservation.requested ? 1 : 0,
        reservation.createdAtMs,
        this.#nextSequence(),
      );
      this.#count++;
      return "reserved";
    } catch (error) {
      const violated = violatedConstraint(error);
      if (violated === undefined) throw error;
      return violated === "unique" ? "attachment-taken" : "address-taken";
    }
  }

  /** Removes the reservation of an attachment; the address that is free now, undefined when there was none. */
  release(poolId: number, { containerId, interfaceName }: Attachment): Address | undefined {
    const released = bytesOf(this.#statements.release1, poolId, containerId, interfaceName);
    if (released !== undefined) this.#count++;
    return released;
  }

  setLastAddress(poolId: number, address: Address): void {
    this.#count++;
    this.#statements.setLastAddress.run(addressToBytes(address), poolId);
  }

  /** The new pool's row. */
  addPool({ type, name }: PoolRef, share: string): number {
    this.#count++;
    return Number(this.#statements.addPool.run(type, name, share).lastInsertRowid);
  }

  setShare(poolId: number, share: string | null): void {
    this.#count++;
    this.#statements.setShare.run(share, poolId);
  }

  /** Deletes a pool that has neither share nor reservations, with its round-robin position; false when it has. */
  forgetPool(poolId: number): boolean {
    const { changes } = this.#statements.forgetPool.run(poolId);
    if (changes > 0) this.#count++;
    return changes > 0;
  }
}

function bytesOf(statement: StatementSync, ...values: (string | number)[]): Address | undefined {
  const bytes = statement.get(...values)?.address;
  return bytes instanceof Uint8Array ? addressFromBytes(bytes) : undefined;
}
