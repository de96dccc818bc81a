// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import { Code } from "../rpc/code.ts";
import { causeText, RpcError, toRpcError } from "../rpc/error.ts";
import { PictureError } from "./allocate-call.ts";
import type { PoolTable } from "./pool-table.ts";
import type { Store } from "./store.ts";
import { canEndHalfway, perform } from "./store-calls.ts";
import { findSqliteError } from "./store-failure.ts";
import type { Transaction } from "./store-transaction.ts";
import type { CallOutcome, QueuedCall } from "./thread-messages.ts";

const NO_ROOM = new RpcError(
  Code.Internal,
  "failed to open store: the disk is full, what space is left is kept for releases",
);

export type BatchResult = {
  readonly outcomes: readonly CallOutcome[];
  /** Whether something went to the disk. */
  readonly committed: boolean;
  /** How long the commit took; 0 when nothing went to the disk. */
  readonly commitMs: number;
  /** What made the whole batch fail; then the pool table no longer says what the store holds and is to be loaded anew. */
  readonly failure?: unknown;
};

/** An error that no savepoint contains: the whole batch ends with it. */
class BatchError extends Error {
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super("the batch has failed", { cause });
    this.index = index;
  }
}

/**
 * Runs calls that were waiting together in one transaction, in order, each in a savepoint of its own if it can end halfway.
 * Returns after the commit, so that whoever is told of success has it on the disk. A savepoint contains what is wrong with
 * a call. It does not contain an error of the database: a full disk or an I/O error takes the transaction with it, sometimes
 * at once and sometimes with the commit, so any such error fails every call of the batch and nothing of it is kept. Without
 * `hasRoom` no call reserves an address.
 */
export function runBatch(
  store: Store,
  table: PoolTable,
  calls: readonly QueuedCall[],
  hasRoom = true,
): BatchResult {
  let tx: Transaction;
  try {
    tx = store.begin();
  } catch (error) {
    const outcome = failed(new RpcError(Code.Internal, `failed to open store: ${causeText(error)}`));
    return { outcomes: calls.map(() => outcome), committed: false, commitMs: 0, failure: error };
  }
  const batch: Batch = {
    store,
    table,
    tx,
    hasRoom,
    nowMs: Date.now(),
    lastGiven: new Map(),
    afterCommit: [],
  };
  try {
    const outcomes = calls.map((call, index) => runCall(batch, call, index));
    for (const [poolId, address] of batch.lastGiven) tx.setLastAddress(poolId, address);
    const began = performance.now();
    tx.commit();
    const commitMs = tx.wrote ? performance.now() - began : 0;
    for (const effect of batch.afterCommit) effect();
    return { outcomes, committed: tx.wrote, commitMs };
  } catch (error) {
    return abandon(tx, calls, error);
  }
}

type Batch = {
  readonly store: Store;
  readonly table: PoolTable;
  readonly tx: Transaction;
  readonly hasRoom: boolean;
  readonly nowMs: number;
  readonly lastGiven: Map<number, Address>;
  readonly afterCommit: (() => void)[];
};

function runCall(batch: Batch, call: QueuedCall, index: number): CallOutcome {
  const { store, table, tx, hasRoom, nowMs, lastGiven } = batch;
  if (!hasRoom && call.name === "allocate") return failed(NO_ROOM);
  const effects: (() => void)[] = [];
  const later: (() => void)[] = [];
  const isGuarded = canEndHalfway(call);
  const { writes } = tx;
  try {
    if (isGuarded) tx.savepoint();
    const onSuccess = (effect: () => void) => effects.push(effect);
    const onCommit = (effect: () => void) => later.push(effect);
    const answer = perform({ tx, read: store.read, table, nowMs, lastGiven, onSuccess, onCommit }, call);
    if (isGuarded) tx.releaseSavepoint();
    for (const effect of effects) effect();
    batch.afterCommit.push(...later);
    return { ok: true, answer };
  } catch (error) {
    // What cannot be undone alone goes with the whole batch.
    if (!isContained(tx, error) || (!isGuarded && tx.writes > writes)) throw new BatchError(index, error);
    if (isGuarded) tx.rollbackToSavepoint();
    return failed(error);
  }
}

function isContained(tx: Transaction, error: unknown): boolean {
  return tx.alive && findSqliteError(error) === undefined && !(error instanceof PictureError);
}

function abandon(tx: Transaction, calls: readonly QueuedCall[], error: unknown): BatchResult {
  const failure = error instanceof BatchError ? error.cause : error;
  const at = error instanceof BatchError ? error.index : undefined;
  const root = findSqliteError(failure) ?? failure;
  // Should even this fail, nobody can tell what the connection holds: the error ends the thread, and with it the process.
  tx.rollback();
  const others = failed(
    new RpcError(Code.Internal, `failed to close session: ${causeText(root)}`, { cause: root }),
  );
  const outcomes = calls.map((_, i) => (i === at && failure instanceof RpcError ? failed(failure) : others));
  return { outcomes, committed: false, commitMs: 0, failure };
}

function failed(error: unknown): CallOutcome {
  const { code, message } = toRpcError(error);
  return { ok: false, code, message };
}
