// SPDX-License-Identifier: Apache-2.0
import type { PoolResource } from "../pool/manifest.ts";
import { type PoolRef, type Problem, poolKey } from "../pool/pool.ts";
import type { Node } from "../pool/selector.ts";
import type { PlacedManifest } from "./pools-dir-manifests.ts";
import type { Note } from "./pools-dir-report.ts";

/** What the manifests say of one pool. */
export type PoolManifest = {
  readonly resource: PoolResource;
  readonly problems: readonly Problem[];
  readonly place: string;
};

/** What a directory holds. */
export type Inventory = {
  readonly pools: ReadonlyMap<string, PoolManifest>;
  /** Absent when there is no Node manifest, good or bad. */
  readonly nodes: readonly Node[] | undefined;
  /** Why some of it is not known. */
  readonly unread: string | undefined;
};

/** Pools and nodes by name, the first of each counting; what is skipped goes to `notes`. */
export function takeInventory(
  manifests: readonly PlacedManifest[],
  unread: string | undefined,
  notes: Note[],
): Inventory {
  const seen = new Map<string, string>();
  const pools = new Map<string, PoolManifest>();
  const nodes: Node[] = [];
  let anyNode = false;
  let unknown = unread;
  for (const { manifest, place } of manifests) {
    const { resource, problems, foreign } = manifest;
    const name = resource === undefined ? "" : resource.kind === "Node" ? resource.node.name : resource.name;
    anyNode ||= resource?.kind === "Node";
    if (resource === undefined || name === "" || (resource.kind === "Node" && problems.length > 0)) {
      notes.push({ level: foreign ? "warn" : "error", message: "manifest skipped", place, problems });
      if (!foreign) unknown ??= `the manifest at ${place} is invalid`;
      continue;
    }
    const key = resource.kind === "Node" ? `node/${name}` : poolKey(refOf(resource));
    const before = seen.get(key);
    if (before !== undefined) {
      const text = `${resource.kind} "${name}" is already at ${before}, which counts`;
      notes.push({
        level: "error",
        message: "manifest skipped",
        place,
        problems: [{ field: "metadata.name", message: text }],
      });
      continue;
    }
    seen.set(key, place);
    if (resource.kind === "Node") nodes.push(resource.node);
    else pools.set(key, { resource, problems, place });
  }
  return { pools, nodes: anyNode ? nodes : undefined, unread: unknown };
}

export function refOf({ kind, name }: PoolResource): PoolRef {
  return { type: kind === "IPPool" ? "ippool" : "cidrpool", name };
}
