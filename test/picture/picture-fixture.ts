// SPDX-License-Identifier: Apache-2.0
// Pools with nodes in them, to be drawn.
import { poolSubject } from "../../lib/picture/pool-subject.ts";
import type { Subject } from "../../lib/picture/subject.ts";
import { computeBlocks } from "../../lib/pool/blocks.ts";
import { readResource } from "../../lib/pool/manifest.ts";
import type { Pool } from "../../lib/pool/pool.ts";
import { parsePool } from "../../lib/pool/validate.ts";

export type Sample = {
  readonly kind?: "IPPool" | "CIDRPool";
  readonly spec: Record<string, unknown>;
  /** Their number, or their names. */
  readonly nodes: number | readonly string[];
  /** Used addresses of each node: so many from the fourth of its block on. */
  readonly used?: (node: number) => number;
};

export function makePool(kind: "IPPool" | "CIDRPool", spec: Record<string, unknown>): Pool {
  const object = { apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind, metadata: { name: "pool1" }, spec };
  const { resource } = readResource(object, { strict: true });
  if (resource === undefined || resource.kind === "Node") throw new Error("no pool");
  const parsed = parsePool(resource);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.pool;
}

export function draw({ kind = "IPPool", spec, nodes, used = () => 0 }: Sample): Subject {
  const pool = makePool(kind, spec);
  const names =
    typeof nodes === "number"
      ? Array.from({ length: nodes }, (_, i) => `node-${String(i).padStart(4, "0")}`)
      : nodes;
  const { allocations } = computeBlocks(pool, [], names);
  const { blocks } = poolSubject(pool, allocations, []);
  const taken = blocks.flatMap(({ first }, i) =>
    Array.from({ length: used(i) }, (_, at) => first + 3n + BigInt(at)),
  );
  return poolSubject(pool, allocations, taken);
}
