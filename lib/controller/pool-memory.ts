// SPDX-License-Identifier: Apache-2.0
import type { PoolRecord } from "./pool-record.ts";
import type { ReleasedBlocks } from "./released-blocks.ts";
import type { OwnField } from "./status-difference.ts";
import type { StatusSize } from "./status-size.ts";

/** What tells states of a pool apart. */
export type Version = Pick<PoolRecord, "resourceVersion" | "generation" | "statusHash">;

/** What the controller remembers of a pool while the process lives. */
export type PoolMemory = {
  readonly uid: string;
  readonly name: string;
  /** Who had which block last. The definitions of the Go controller drop this from status. */
  released: ReleasedBlocks;
  /** Fields that the API server did not keep when they were last written. */
  dropped: ReadonlySet<OwnField>;
  /** The pool as the last reconcile left it. */
  settled?: Version;
  /** A write is under way; what the watch brings meanwhile may be its result. */
  writing: boolean;
  /** What the watch brought last during the write. */
  arrived: Version | undefined;
  /** What the last write gave, until the watch has brought it: it follows the resource version `base`. */
  written: { readonly base: string; readonly pool: PoolRecord } | undefined;
  /** The last write met a newer object than the one it was made from. */
  conflicted: boolean;
  /** Nodes without a block that an event was made for. */
  readonly toldNodes: Set<string>;
  /** The generation that an InvalidSpec event was made for. */
  toldInvalid?: number;
  /** What was last said of the status's size. */
  toldSize: StatusSize["state"];
};

export function newMemory(uid: string, name: string): PoolMemory {
  return {
    uid,
    name,
    released: new Map(),
    dropped: new Set(),
    writing: false,
    arrived: undefined,
    written: undefined,
    conflicted: false,
    toldNodes: new Set(),
    toldSize: "fits",
  };
}

/** The newest of what the watch and the last write say. */
export function newestOf({ written }: PoolMemory, watched: PoolRecord): PoolRecord {
  return written?.base === watched.resourceVersion ? written.pool : watched;
}

/**
 * Takes in what the watch brought. True when it needs a reconcile: our own write that comes back does not, nor does an
 * annotation. During a write nobody can tell yet: see endWrite.
 */
export function takeIn(memory: PoolMemory | undefined, pool: PoolRecord): boolean {
  if (memory?.uid !== pool.uid) return true;
  if (memory.written !== undefined && memory.written.base !== pool.resourceVersion)
    memory.written = undefined;
  if (!memory.writing)
    return memory.conflicted || memory.settled === undefined || isOther(pool, memory.settled);
  memory.arrived = versionOf(pool);
  return false;
}

/** A write over the version `base` gave `pool`. True when somebody else's change has arrived meanwhile. */
export function endWrite(memory: PoolMemory, base: string, pool: PoolRecord): boolean {
  const { arrived } = memory;
  const isPast = arrived === undefined || arrived.resourceVersion === base;
  memory.settled = versionOf(pool);
  memory.written = { base, pool };
  if (isPast) return false;
  memory.written = undefined;
  return isOther(arrived, memory.settled);
}

export function versionOf({ resourceVersion, generation, statusHash }: PoolRecord): Version {
  return { resourceVersion, generation, statusHash };
}

function isOther(a: Version, b: Version): boolean {
  return a.generation !== b.generation || a.statusHash !== b.statusHash;
}
