// SPDX-License-Identifier: Apache-2.0
// One pool controller on caches that the test changes, with an API that answers as the test says.
import type { Controller } from "../../lib/controller/controller.ts";
import type { Change, ObjectCache } from "../../lib/controller/object-cache.ts";
import { Overlaps } from "../../lib/controller/overlaps.ts";
import { createPoolController } from "../../lib/controller/pool-controller.ts";
import { keyOf, type PoolRecord, readPoolRecord, type StoredPool } from "../../lib/controller/pool-record.ts";
import type { PoolStatus } from "../../lib/controller/pool-status.ts";
import type { Node } from "../../lib/pool/selector.ts";
import { recordingLog } from "../support/log.ts";

/** A cache without a watch behind it. */
export class HandCache<T> implements ObjectCache<T> {
  readonly synced = true;
  trouble: string | undefined;
  readonly #values = new Map<string, T>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];

  find = (key: string): T | undefined => this.#values.get(key);
  list = (): T[] => [...this.#values.values()];
  onChange = (listener: (change: Change<T>) => void): void => void this.#listeners.push(listener);
  whenSynced = (): Promise<void> => Promise.resolve();
  refresh = (): Promise<void> => Promise.resolve();

  set(key: string, after: T | undefined): void {
    const before = this.#values.get(key);
    if (after === undefined) this.#values.delete(key);
    else this.#values.set(key, after);
    for (const tell of this.#listeners) {
      tell({ key, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
    }
  }
}

export type World = {
  readonly controller: Controller;
  readonly pools: HandCache<PoolRecord>;
  readonly nodes: HandCache<Node>;
  /** Keys that were triggered, until taken. */
  readonly triggered: string[];
  readonly events: { reason: string; message: string; about: { name: string } }[];
  readonly logged: ReturnType<typeof recordingLog>["events"];
  /** What was written, oldest first. */
  readonly writes: { base: string; status: PoolStatus; answer?: StoredPool }[];
  /** How the API answers a write over this version; at first it stores what it gets. */
  answer: (pool: StoredPool, status: PoolStatus) => Promise<StoredPool | "conflict" | "gone">;
  /** The watch brings this version. */
  put(pool: StoredPool): void;
  readonly outcomes: string[];
  addNodes(...names: string[]): void;
};

export const KEY = "ns/p";

/** A pool as the API would have it. `more`: what is not as usual. */
export function stored(more: Partial<StoredPool> & { spec?: object; status?: object } = {}): StoredPool {
  const { spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 }, status, ...rest } = more;
  const pool = {
    kind: "IPPool",
    namespace: "ns",
    name: "p",
    uid: "u1",
    resourceVersion: "1",
    generation: 1,
    createdAtMs: 0,
    ...rest,
  } as const;
  const { name, namespace } = pool;
  const object = {
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind: pool.kind,
    metadata: { name, namespace },
    spec,
    ...(status && { status: JSON.parse(JSON.stringify(status)) as object }),
  };
  return { ...pool, object };
}

/** The pool after a write: one version further, with this status. */
export function after(pool: StoredPool, status: object): StoredPool {
  const object = { ...(pool.object as object), status: JSON.parse(JSON.stringify(status)) as object };
  return { ...pool, object, resourceVersion: `${Number(pool.resourceVersion) + 1}` };
}

export function makeWorld(
  more: { reuseDelayMs?: number; limitBytes?: number; now?: () => number } = {},
): World {
  const pools = new HandCache<PoolRecord>();
  const nodes = new HandCache<Node>();
  const { log, events: logged } = recordingLog();
  const events: World["events"] = [];
  const sink = { record: (event: World["events"][number]) => void events.push(event) };
  const versions = new Map<string, StoredPool>();
  const world: Omit<World, "controller"> = {
    ...{ pools, nodes, events, logged },
    triggered: [],
    writes: [],
    outcomes: [],
    answer: (pool, status) => Promise.resolve(after(pool, status)),
    put(pool) {
      versions.set(`${pool.uid} ${pool.resourceVersion}`, pool);
      pools.set(keyOf(pool), readPoolRecord(pool));
    },
    addNodes(...names) {
      for (const name of names) nodes.set(name, { name, labels: {} });
    },
  };
  const controller = createPoolController("IPPool", {
    pools: { IPPool: pools, CIDRPool: new HandCache<PoolRecord>() },
    nodes,
    overlaps: new Overlaps(),
    events: { IPPool: sink, CIDRPool: sink },
    write: async ({ uid, resourceVersion: base }, status) => {
      const written: World["writes"][number] = { base, status };
      world.writes.push(written);
      const answer = await world.answer(versions.get(`${uid} ${base}`)!, status);
      if (typeof answer === "string") return answer;
      versions.set(`${answer.uid} ${answer.resourceVersion}`, answer);
      written.answer = answer;
      return answer;
    },
    meter: {
      reconciled: (_kind, outcome) => void world.outcomes.push(outcome),
      statusWritten: () => undefined,
      nodesWithoutBlock: () => undefined,
    },
    log,
    reuseDelayMs: 0,
    ...more,
  });
  controller.watch((key) => void world.triggered.push(key));
  return Object.assign(world, { controller });
}
