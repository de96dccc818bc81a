// SPDX-License-Identifier: Apache-2.0
// Pools for tests, made the way real ones are: from manifests.
import { readResource } from "../../lib/pool/manifest.ts";
import type { CIDRPool, IPPool, Pool, Problem } from "../../lib/pool/pool.ts";
import { parsePool } from "../../lib/pool/validate.ts";

export type Spec = Readonly<Record<string, unknown>>;

export function manifest(kind: "IPPool" | "CIDRPool", spec: Spec, name = "p") {
  return { apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind, metadata: { name }, spec };
}

function parse(value: unknown): { pool: Pool } | { problems: Problem[] } {
  const { resource, problems } = readResource(value, { strict: true });
  if (resource === undefined || resource.kind === "Node") return { problems: [...problems] };
  return parsePool(resource, problems);
}

/** "field: message" of each problem. */
export function problemsOf(value: unknown): string[] {
  const result = parse(value);
  return "problems" in result ? result.problems.map(({ field, message }) => `${field}: ${message}`) : [];
}

export function ipPool(spec: Spec): IPPool {
  const result = parse(manifest("IPPool", spec));
  if ("pool" in result && result.pool.type === "ippool") return result.pool;
  throw new Error(JSON.stringify(result));
}

export function cidrPool(spec: Spec): CIDRPool {
  const result = parse(manifest("CIDRPool", spec));
  if ("pool" in result && result.pool.type === "cidrpool") return result.pool;
  throw new Error(JSON.stringify(result));
}
