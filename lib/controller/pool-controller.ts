// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { matchesNode, type Node } from "../pool/selector.ts";
import type { Controller } from "./controller.ts";
import type { EventSink } from "./event-sink.ts";
import type { PoolMeter } from "./meter.ts";
import type { Change, ObjectCache } from "./object-cache.ts";
import type { Overlaps } from "./overlaps.ts";
import { takeIn } from "./pool-memory.ts";
import { PoolNotices } from "./pool-notices.ts";
import { PoolReconciler, type ReconcilerParts } from "./pool-reconciler.ts";
import { keyOf, type PoolKind, type PoolRecord } from "./pool-record.ts";

/** What the controllers of both kinds share. */
export type PoolWorld = Pick<ReconcilerParts, "write" | "reuseDelayMs" | "now" | "limitBytes"> & {
  readonly pools: Readonly<Record<PoolKind, ObjectCache<PoolRecord>>>;
  readonly nodes: ObjectCache<Node>;
  readonly overlaps: Overlaps;
  /** Each kind's events come from its own component. */
  readonly events: Readonly<Record<PoolKind, EventSink>>;
  readonly meter: PoolMeter;
  readonly log: Logger;
};

/** The controller of the pools of one kind. Pools and nodes trigger it; nothing that no block depends on does. */
export function createPoolController(kind: PoolKind, world: PoolWorld): Controller {
  const { nodes, overlaps, meter } = world;
  const pools = world.pools[kind];
  const log = world.log.named(kind.toLowerCase());
  const notices = {
    IPPool: new PoolNotices(world.events.IPPool, log),
    CIDRPool: new PoolNotices(world.events.CIDRPool, log),
  };
  const reconciler = new PoolReconciler({
    ...world,
    kind,
    pools,
    nodes,
    meter,
    log,
    notices: notices[kind],
    onNewSpec(pool) {
      const all = [...world.pools.IPPool.list(), ...world.pools.CIDRPool.list()];
      for (const { younger, message } of overlaps.findNew(pool, all)) {
        notices[younger.kind].overlapping(younger, message);
      }
    },
    onGone: (uid) => overlaps.forget(uid),
  });
  return {
    name: kind,
    notReady: () => describeWait(pools, `${kind}s`) ?? describeWait(nodes, "nodes"),
    async whenReady() {
      await Promise.all([pools.whenSynced(), nodes.whenSynced()]);
    },
    async refresh() {
      await Promise.all([pools.refresh(), nodes.refresh()]);
    },
    watch(enqueue) {
      pools.onChange(({ key, before, after }) => {
        const isKnown = before !== undefined && after !== undefined;
        if (!isKnown || takeIn(reconciler.memoryOf(key), after)) enqueue(key);
      });
      nodes.onChange((change) => {
        for (const pool of pools.list()) if (concerns(pool, change)) enqueue(keyOf(pool));
      });
    },
    reconcile: (key) => reconciler.reconcile(key),
  };
}

/** Only a node that comes to belong to the pool, or no longer does, changes its blocks; and no node those of an invalid one. */
function concerns({ spec }: PoolRecord, { before, after }: Change<Node>): boolean {
  if ("problems" in spec) return false;
  const { nodeSelector } = spec.pool;
  const belongs = (node: Node | undefined): boolean =>
    node !== undefined && (nodeSelector === undefined || matchesNode(nodeSelector, node));
  return belongs(before) !== belongs(after);
}

function describeWait(
  { synced, trouble }: Pick<ObjectCache<unknown>, "synced" | "trouble">,
  what: string,
): string | undefined {
  if (synced) return undefined;
  return `the ${what} are not known yet${trouble === undefined ? "" : `: ${trouble}`}`;
}
