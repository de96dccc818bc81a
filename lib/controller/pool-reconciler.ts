// SPDX-License-Identifier: Apache-2.0

import type { Logger } from "../log/log.ts";
import { describeProblems } from "../pool/report.ts";
import { type Node, selectNodes } from "../pool/selector.ts";
import type { PoolMeter, ReconcileOutcome } from "./meter.ts";
import type { ObjectCache } from "./object-cache.ts";
import { endWrite, newestOf, newMemory, type PoolMemory, versionOf } from "./pool-memory.ts";
import type { PoolNotices } from "./pool-notices.ts";
import {
  type PoolKind,
  type PoolRecord,
  readPoolRecord,
  readStatus,
  type StoredPool,
} from "./pool-record.ts";
import type { PoolStatus, Rendered } from "./pool-status.ts";
import { type ReleasedBlocks, readReleasedBlocks } from "./released-blocks.ts";
import { renderStatus, renderUnchanged } from "./render-status.ts";
import { differs, findDropped } from "./status-difference.ts";
import { measureStatus } from "./status-size.ts";
import type { Outcome } from "./work-queue.ts";

export type ReconcilerParts = {
  readonly kind: PoolKind;
  readonly pools: ObjectCache<PoolRecord>;
  readonly nodes: ObjectCache<Node>;
  /** Writes status over exactly the version that `pool` is. Rejects when that failed for another reason. */
  readonly write: (pool: PoolRecord, status: PoolStatus) => Promise<StoredPool | "conflict" | "gone">;
  readonly notices: PoolNotices;
  /** Called for each pool whose spec is looked at for the first time. */
  readonly onNewSpec: (pool: PoolRecord) => void;
  readonly onGone: (uid: string) => void;
  readonly meter: PoolMeter;
  readonly log: Logger;
  readonly reuseDelayMs: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** What etcd takes in one request, where it is not etcd's default. */
  readonly limitBytes?: number;
};

/** `stored`: the status that it was made from. */
type Made = Rendered & {
  readonly released: ReleasedBlocks;
  readonly stored: Readonly<Record<string, unknown>>;
};

/** Brings the status of the pools of one kind up to what spec and nodes ask for. */
export class PoolReconciler {
  readonly #parts: ReconcilerParts;
  readonly #now: () => number;
  readonly #memories = new Map<string, PoolMemory>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  memoryOf(key: string): PoolMemory | undefined {
    return this.#memories.get(key);
  }

  /** Rejects when the status could not be written: to be tried again. */
  async reconcile(key: string): Promise<Outcome> {
    const { meter, kind } = this.#parts;
    const began = performance.now();
    const count = (outcome: ReconcileOutcome): void =>
      meter.reconciled(kind, outcome, (performance.now() - began) / 1000);
    try {
      const { outcome, againInMs } = await this.#work(key);
      count(outcome);
      if (outcome === "stale") return { state: "stale" };
      const wrote = outcome === "written";
      return { state: "done", wrote, ...(againInMs !== undefined && { againInMs }) };
    } catch (error) {
      count("failed");
      throw error;
    }
  }

  async #work(key: string): Promise<{ outcome: ReconcileOutcome; againInMs?: number }> {
    const { pools, nodes, onNewSpec } = this.#parts;
    // An old cache takes nodes that have just come for gone.
    if (pools.trouble !== undefined || nodes.trouble !== undefined) return { outcome: "stale" };
    const watched = pools.find(key);
    if (watched === undefined) return this.#forget(key);
    const memory = this.#remember(key, watched);
    const pool = newestOf(memory, watched);
    memory.conflicted = false;
    if (memory.settled?.generation !== pool.generation) {
      memory.dropped = new Set(); // with a new spec it is tried again: definitions may have been updated
      onNewSpec(pool);
    }
    const made = this.#makeStatus(pool, memory);
    const outcome = await this.#settle(pool, memory, made);
    if (outcome === "gone" || outcome === "stale") return { outcome };
    this.#tell(pool, memory, made);
    if (outcome === "overtaken") return { outcome: "written", againInMs: 0 };
    const { nextChangeInMs: againInMs } = made;
    return { outcome, ...(againInMs !== undefined && { againInMs }) };
  }

  #makeStatus(pool: PoolRecord, memory: PoolMemory): Made {
    const { nodes, notices, reuseDelayMs, limitBytes } = this.#parts;
    const { status, last } = readStatus(pool);
    const context = { generation: pool.generation, status, nowMs: this.#now() };
    if ("problems" in pool.spec) {
      const message = describeProblems(pool.spec.problems);
      notices.invalid(pool, memory, message);
      const made = renderUnchanged(context, { reason: "InvalidSpec", message });
      return { ...made, stored: status, released: memory.released };
    }
    const made = renderStatus({
      ...context,
      pool: pool.spec.pool,
      last,
      nodes: selectNodes(pool.spec.pool.nodeSelector, nodes.list()),
      released: new Map([...readReleasedBlocks(status.releasedBlocks), ...memory.released]),
      reuseDelayMs,
    });
    if (made.status.allocations.length <= last.length) return { ...made, stored: status };
    const size = measureStatus(pool.otherBytes, made.status, limitBytes);
    notices.size(pool, memory, size);
    if (size.state !== "full") return { ...made, stored: status };
    const message = `status holds about ${size.mostNodes} nodes, not ${size.nodes}: the blocks stay as they were`;
    const kept = renderUnchanged(context, { reason: "StatusTooLarge", message });
    return { ...kept, stored: status, released: memory.released };
  }

  async #settle(pool: PoolRecord, memory: PoolMemory, made: Made): Promise<ReconcileOutcome | "overtaken"> {
    const { status, stored, released } = made;
    if (!differs(stored, status, memory.dropped)) {
      memory.settled = versionOf(pool);
      memory.released = released;
      return "unchanged";
    }
    const answer = await this.#write(pool, memory, status);
    // "gone" too: only the watch says that it is no more. What answers while the API starts may know no pools at all.
    if (typeof answer === "string") {
      memory.conflicted = true;
      return "stale";
    }
    const { allocatedNodes: nodes, freeBlocks: free } = status;
    this.#parts.log.info("status written", { pool: pool.name, nodes, free });
    const after = readPoolRecord(answer);
    memory.released = released;
    memory.dropped = findDropped(readStatus(after).status, status);
    return endWrite(memory, pool.resourceVersion, after) ? "overtaken" : "written";
  }

  async #write(pool: PoolRecord, memory: PoolMemory, status: PoolStatus) {
    const { write, meter, kind } = this.#parts;
    memory.writing = true;
    memory.arrived = undefined;
    try {
      const answer = await write(pool, status);
      meter.statusWritten(kind, typeof answer === "string" ? answer : "ok");
      return answer;
    } catch (error) {
      meter.statusWritten(kind, "failed");
      throw error;
    } finally {
      memory.writing = false;
    }
  }

  #tell(pool: PoolRecord, memory: PoolMemory, { withoutBlock, reassigned }: Made): void {
    const { notices, meter, kind } = this.#parts;
    notices.withoutBlock(pool, memory, withoutBlock);
    notices.reassigned(pool, reassigned);
    meter.nodesWithoutBlock(kind, pool.name, withoutBlock.length);
  }

  #remember(key: string, { uid, name }: PoolRecord): PoolMemory {
    const known = this.#memories.get(key);
    if (known?.uid === uid) return known;
    this.#forget(key);
    const memory = newMemory(uid, name);
    this.#memories.set(key, memory);
    return memory;
  }

  #forget(key: string): { outcome: "gone" } {
    const { meter, kind, onGone } = this.#parts;
    const memory = this.#memories.get(key);
    if (memory !== undefined) {
      meter.nodesWithoutBlock(kind, memory.name, undefined);
      onGone(memory.uid);
      this.#memories.delete(key);
    }
    return { outcome: "gone" };
  }
}
