// SPDX-License-Identifier: Apache-2.0
// What users are told about a pool, as events and in the log: each thing once, not at every reconcile.
import type { Logger } from "../log/log.ts";
import { shorten } from "../log/printable.ts";
import { POOL_API_VERSION } from "../pool/manifest.ts";
import type { EventReason, EventSink } from "./event-sink.ts";
import type { PoolMemory } from "./pool-memory.ts";
import type { PoolKind, PoolRecord } from "./pool-record.ts";
import type { Reassignment } from "./pool-status.ts";
import { listNames } from "./ready-condition.ts";
import type { StatusSize } from "./status-size.ts";

// Nodes and blocks of one pool that get an event of their own at a time; the condition's message has the number of all.
const MOST_EVENTS = 100;
const LONGEST_MESSAGE = 1024;

const withoutBlock = {
  IPPool: {
    reason: "NoFreeRanges",
    describe: (node: string) => `failed to allocate IPs on Node: ${node}`,
  },
  CIDRPool: {
    reason: "NoFreePrefixes",
    describe: (node: string) => `failed to allocated prefix for Node: ${node}, no free prefixes`,
  },
} as const satisfies Record<PoolKind, { reason: EventReason; describe(node: string): string }>;

export class PoolNotices {
  readonly #events: EventSink;
  readonly #log: Logger;

  constructor(events: EventSink, log: Logger) {
    this.#events = events;
    this.#log = log;
  }

  /** Once for each generation. */
  invalid(pool: PoolRecord, memory: PoolMemory, problems: string): void {
    if (memory.toldInvalid === pool.generation) return;
    memory.toldInvalid = pool.generation;
    this.#log.warn("invalid spec, the blocks stay as they are", {
      pool: pool.name,
      problems: shorten(problems, LONGEST_MESSAGE),
    });
    this.#warn(pool, "InvalidSpec", problems);
  }

  /** Once for each node until it has a block or is gone. */
  withoutBlock(pool: PoolRecord, memory: PoolMemory, nodes: readonly string[]): void {
    const { toldNodes } = memory;
    const now = new Set(nodes);
    for (const told of toldNodes) if (!now.has(told)) toldNodes.delete(told);
    const fresh = nodes.filter((node) => !toldNodes.has(node)).slice(0, MOST_EVENTS - toldNodes.size);
    if (fresh.length === 0) return;
    const { reason, describe } = withoutBlock[pool.kind];
    this.#log.warn("no free block", { pool: pool.name, nodes: listNames(fresh), count: nodes.length });
    for (const node of fresh) {
      toldNodes.add(node);
      this.#warn(pool, reason, describe(node));
    }
  }

  reassigned(pool: PoolRecord, reassigned: readonly Reassignment[]): void {
    if (reassigned.length === 0) return;
    this.#log.warn("blocks changed hands", { pool: pool.name, count: reassigned.length });
    for (const { block, from, to } of reassigned.slice(0, MOST_EVENTS)) {
      this.#warn(pool, "BlockReassigned", `${block} was Node ${from}'s and is Node ${to}'s now`);
    }
  }

  overlapping(pool: PoolRecord, message: string): void {
    this.#log.warn("pools overlap", { pool: pool.name, problem: message });
    this.#warn(pool, "OverlappingPools", message);
  }

  /** Once for each state it comes to. */
  size(pool: PoolRecord, memory: PoolMemory, { state, nodes, mostNodes }: StatusSize): void {
    const before = memory.toldSize;
    memory.toldSize = state;
    if (state === before || state === "fits") return;
    const message = `the pool's status holds about ${mostNodes} nodes, ${nodes} are to have a block`;
    this.#log.warn(state === "full" ? "status too large" : "status nearly full", {
      pool: pool.name,
      nodes,
      mostNodes,
    });
    this.#warn(pool, state === "full" ? "StatusTooLarge" : "StatusNearlyFull", message);
  }

  #warn({ kind, namespace, name, uid }: PoolRecord, reason: EventReason, text: string): void {
    this.#events.record({
      about: { apiVersion: POOL_API_VERSION, kind, namespace, name, uid },
      type: "Warning",
      reason,
      message: shorten(text, LONGEST_MESSAGE),
    });
  }
}
