// SPDX-License-Identifier: Apache-2.0
import { intersectRanges, type Range } from "../ip/range.ts";
import { formatSubnet, type Subnet, subnetRange } from "../ip/subnet.ts";
import type { PoolRecord } from "./pool-record.ts";
import { listNames } from "./ready-condition.ts";

/** A pool that is told of older ones whose addresses are its own too. */
export type Overlap = { readonly younger: PoolRecord; readonly message: string };

/** Finds pools that share addresses; each pair is reported once for each pair of generations. */
export class Overlaps {
  /**
   * For each pool that has been looked at itself, by uid: the older ones it was told of, and the sum of both generations
   * then, which either's next edit makes larger.
   */
  readonly #told = new Map<string, Map<string, number>>();

  /**
   * What is new since `pool` was looked at last: one report for it, and one for each younger pool that was looked at before
   * it; others have their turn. Many networks may have the same addresses on purpose: that makes one report for each pool.
   */
  findNew(pool: PoolRecord, all: readonly PoolRecord[]): Overlap[] {
    if (!this.#told.has(pool.uid)) this.#told.set(pool.uid, new Map());
    const others = all.filter((other) => other.uid !== pool.uid && overlap(pool, other));
    const older = others.filter((other) => isOlder(other, pool) && this.#isNew(pool, other));
    const younger = others.filter((other) => isOlder(pool, other) && this.#isNew(other, pool));
    return [
      ...(older.length === 0 ? [] : [{ younger: pool, message: describe(pool, older) }]),
      ...younger.map((other) => ({ younger: other, message: describe(other, [pool]) })),
    ];
  }

  /** The pool is gone. */
  forget(uid: string): void {
    this.#told.delete(uid);
    for (const older of this.#told.values()) older.delete(uid);
  }

  /** A younger pool that was not looked at yet is told when it is. */
  #isNew(younger: PoolRecord, older: PoolRecord): boolean {
    const told = this.#told.get(younger.uid);
    const generations = older.generation + younger.generation;
    if (told === undefined || told.get(older.uid) === generations) return false;
    told.set(older.uid, generations);
    return true;
  }
}

function networkOf({ spec }: PoolRecord): Subnet | undefined {
  if ("problems" in spec) return undefined;
  return spec.pool.type === "ippool" ? spec.pool.subnet : spec.pool.cidr;
}

function overlap(a: PoolRecord, b: PoolRecord): boolean {
  const [first, second] = [a, b].map((pool): Range | undefined => {
    const network = networkOf(pool);
    return network && subnetRange(network);
  });
  return first !== undefined && second !== undefined && intersectRanges(first, second) !== undefined;
}

/** Of pools of the same second the names decide. */
function isOlder(a: PoolRecord, b: PoolRecord): boolean {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs < b.createdAtMs;
  return `${a.kind}/${a.name}` < `${b.kind}/${b.name}`;
}

function describe(younger: PoolRecord, older: readonly PoolRecord[]): string {
  const network = (pool: PoolRecord): string => formatSubnet(networkOf(pool)!);
  const others = listNames(older.map((pool) => `${network(pool)} of ${pool.kind} ${pool.name}`));
  const subject = older.length === 1 ? "both" : "these";
  return `${network(younger)} overlaps ${others}: ${subject} pools may give out the same addresses`;
}
