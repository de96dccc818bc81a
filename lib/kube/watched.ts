// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import type { Change } from "./change.ts";
import type { Cluster } from "./cluster.ts";
import type { KubeObject } from "./object.ts";
import { ObjectCache } from "./object-cache.ts";
import { Reflector, type ReflectorTiming } from "./reflector.ts";
import type { Source } from "./source.ts";

/** A cache of the API's objects that a watch keeps up to date: an informer. */
export type Watched<T> = {
  /** `key`: "namespace/name", or "name" for objects of the cluster. */
  find(key: string): T | undefined;
  list(): T[];
  /** From the first complete list on, and never false again. */
  readonly synced: boolean;
  /** Why the cache may be old; undefined: it is up to date. */
  readonly trouble: string | undefined;
  /** Called after the cache changed; never for an object whose kept value stayed the same. */
  onChange(listener: (change: Change<T>) => void): void;
  /** Never rejects: it waits, and says why in the log, while the API is away, forbids it, or has no such resource. */
  whenSynced(): Promise<void>;
  /** As whenSynced, for a list that begins after this call: what it does not show was not there at the call. */
  refresh(): Promise<void>;
  start(): void;
  /** The cache stays; nobody is told of changes any more. A whenSynced() that waits goes on waiting. */
  stop(): Promise<void>;
};

export type WatchedOptions<T> = {
  readonly source: Source;
  readonly keep: (object: KubeObject) => T;
  readonly same?: ((a: T, b: T) => boolean) | undefined;
  readonly log: Logger;
  readonly timing?: ReflectorTiming | undefined;
};

/**
 * Empty, and quiet, before start(). What `keep` throws for an object counts as a failure of the API: the list is read anew,
 * later and later. A listener that throws is logged and passed over.
 */
export function createWatched<T>(cluster: Cluster, options: WatchedOptions<T>): Watched<T> {
  const { source, keep, same, log, timing } = options;
  const listeners: ((change: Change<T>) => void)[] = [];
  const tell = (change: Change<T>): void => {
    for (const listener of listeners) guard(() => listener(change), log);
  };
  const cache = new ObjectCache<T>({ keep, same, onChange: tell });
  const reflector = new Reflector({ cluster, source, cache, log, ...(timing && { timing }) });
  return {
    find: (key) => cache.find(key),
    list: () => cache.list(),
    get synced() {
      return reflector.synced;
    },
    get trouble() {
      return reflector.trouble;
    },
    onChange: (listener) => void listeners.push(listener),
    whenSynced: () => reflector.whenSynced,
    refresh: () => reflector.refresh(),
    start: () => reflector.start(),
    async stop() {
      listeners.length = 0;
      await reflector.stop();
    },
  };
}

/** A listener that fails must neither hide the change from others nor stop the watch. */
function guard(listener: () => void, log: Logger): void {
  try {
    listener();
  } catch (error) {
    log.error("a change could not be taken in", error);
  }
}
