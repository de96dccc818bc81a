// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { POOL_API_VERSION } from "../pool/manifest.ts";
import type { Resource } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { hasStatus } from "./error.ts";
import { type KubeObject, readObject } from "./object.ts";
import type { ReflectorTiming } from "./reflector.ts";
import { createWatched, type Watched } from "./watched.ts";

export type PoolKind = "IPPool" | "CIDRPool";

/** A pool as the API has it, neither judged nor typed yet. */
export type StoredPool = {
  readonly kind: PoolKind;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Counts the changes of spec. */
  readonly generation: number;
  readonly createdAtMs: number;
  /** The whole object without managedFields. */
  readonly object: unknown;
};

export type PoolsOptions<T> = {
  readonly kind: PoolKind;
  readonly namespace: string;
  readonly log: Logger;
  readonly keep: (pool: StoredPool) => T;
  readonly same?: (a: T, b: T) => boolean;
  readonly timing?: ReflectorTiming;
};

/** The pools of one kind in one namespace, by "namespace/name"; `keep` says what is remembered of each. */
export function watchPools<T>(cluster: Cluster, options: PoolsOptions<T>): Watched<T> {
  const { kind, namespace, log, keep, same, timing } = options;
  return createWatched(cluster, {
    // A pool may be large, so a page has few of them.
    source: { resource: resourceOf(kind, namespace), metadataOnly: false, pageSize: 50, listFrom: "" },
    keep: (object) => keep(storedPool(kind, object)),
    same,
    log,
    timing,
  });
}

export type PoolVersion = {
  readonly kind: PoolKind;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
};

/**
 * Replaces the pool's status unless the pool changed since `resourceVersion` ("conflict") or is no more ("gone"); spec and
 * metadata stay. Resolves with the pool as stored: a CRD that does not know a field drops it without a word.
 * Rejects on any other answer.
 */
export async function writePoolStatus(
  cluster: Cluster,
  { kind, namespace, name, resourceVersion }: PoolVersion,
  status: object,
): Promise<StoredPool | "conflict" | "gone"> {
  const metadata = { namespace, name, resourceVersion };
  try {
    const stored = await cluster.call({
      verb: "update",
      resource: resourceOf(kind, namespace),
      name,
      subresource: "status",
      body: { apiVersion: POOL_API_VERSION, kind, metadata, status },
    });
    return storedPool(kind, readObject(stored));
  } catch (error) {
    if (hasStatus(error, 409)) return "conflict";
    if (hasStatus(error, 404)) return "gone";
    throw error;
  }
}

function resourceOf(kind: PoolKind, namespace: string): Resource {
  const [group = "", version = ""] = POOL_API_VERSION.split("/");
  return { group, version, plural: kind === "IPPool" ? "ippools" : "cidrpools", namespace };
}

function storedPool(kind: PoolKind, object: KubeObject): StoredPool {
  const { managedFields: _dropped, ...metadata } = object.metadata as KubeObject["metadata"] & {
    readonly managedFields?: unknown;
  };
  const {
    name,
    namespace = "",
    uid = "",
    resourceVersion = "",
    generation = 0,
    creationTimestamp,
  } = metadata;
  return {
    kind,
    name,
    namespace,
    uid,
    resourceVersion,
    generation,
    createdAtMs: Date.parse(creationTimestamp ?? "") || 0,
    object: { ...object, metadata },
  };
}
