// SPDX-License-Identifier: Apache-2.0
import type { PoolKind } from "./pool-record.ts";

/** "stale": what it read was older than what the API has, it comes again. */
export type ReconcileOutcome = "written" | "unchanged" | "stale" | "gone" | "failed";
export type WriteOutcome = "ok" | "conflict" | "gone" | "failed";

/** What a controller counts of its pools. */
export type PoolMeter = {
  reconciled(kind: PoolKind, outcome: ReconcileOutcome, seconds: number): void;
  statusWritten(kind: PoolKind, outcome: WriteOutcome): void;
  /** Nodes that belong to a pool and have no block; undefined: the pool is gone. */
  nodesWithoutBlock(kind: PoolKind, name: string, count: number | undefined): void;
};

/** What the program counts. */
export type ProgramMeter = {
  /** Keys that wait or are worked on. */
  queueLength(keys: number): void;
  /** Whether this process is the one that works. */
  leader(isLeader: boolean): void;
};
