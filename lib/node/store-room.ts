// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isFull } from "./store-failure.ts";
import { extendLog } from "./store-log-file.ts";

/** Free pages inside the database: so many are added when fewer than LOW are left, 1 MiB or some 7,000 reservations. */
const SPARE_PAGES = 256;
const LOW = 128;
/** With fewer than this no address is given: a release may need a page too. */
const LEAST = 48;
const PAGE_BYTES = 4096;
const NO_LIMIT = 4294967294;
/** Where less than this is free, nothing that makes the database larger is begun: its file could not follow. */
const PLENTY_BYTES = 64 << 20;

/** Written as zeros and moved into the database first: pages that are free from the start would be a hole in the file. */
const addPages = (count: number): string => `DROP TABLE IF EXISTS spare; CREATE TABLE spare (bytes BLOB);
  INSERT INTO spare VALUES (zeroblob(${(count - 2) * (PAGE_BYTES - 4)})); PRAGMA wal_checkpoint(FULL); DROP TABLE spare`;

/**
 * The space that the store has on the disk before it needs it: a log of full size, and free pages in the database, so
 * that neither a commit nor the move of the log into the database makes a file larger. New reservations are refused
 * before that space is used up; releases go on with what is left of it.
 */
export class StoreRoom {
  readonly #db: DatabaseSync;
  readonly #path: string;
  #logIsWhole = false;
  #freeList: StatementSync | undefined;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** Takes what space is missing and can be had. Throws the database's or the system's error, but not for a full disk. */
  extend(): void {
    if (this.#freePages() < LOW) this.#addPages();
    this.#logIsWhole ||= extendLog(this.#path);
  }

  /** Whether more reservations may be stored. */
  isEnough(): boolean {
    if (this.#freePages() >= LOW) return true;
    this.#addPages();
    return this.#freePages() >= LEAST;
  }

  #addPages(): void {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    const free = bavail * bsize;
    // They take their space twice, in the log and in the database.
    const count = Math.min(SPARE_PAGES, Math.floor(free / 2 / PAGE_BYTES) - LEAST);
    try {
      if (count < LEAST) return;
      this.#db.exec(`PRAGMA max_page_count = ${NO_LIMIT}`);
      this.#db.exec(addPages(count));
    } catch (error) {
      if (!isFull(error)) throw error; // somebody else took the space in between
    } finally {
      const limit = free < PLENTY_BYTES ? this.#pages() : NO_LIMIT;
      this.#db.exec(`PRAGMA max_page_count = ${limit}`);
    }
  }

  /** Asked before every batch, so the statement is kept. */
  #freePages(): number {
    this.#freeList ??= this.#db.prepare("PRAGMA freelist_count");
    return Number(this.#freeList.get()?.freelist_count);
  }

  #pages(): number {
    return Number(this.#db.prepare("PRAGMA page_count").get()?.page_count);
  }
}
