// SPDX-License-Identifier: Apache-2.0
import type { PoolResource } from "./manifest.ts";
import type { Pool, Problem } from "./pool.ts";
import type { Report } from "./report.ts";
import { readCIDRPool } from "./validate-cidrpool.ts";
import { readIPPool } from "./validate-ippool.ts";

/**
 * The pool in the shape the core uses, or every problem that keeps it from being one; webhook, controller and daemon call
 * the same. `structural`: what readResource said of it; what lies within a field that it names is not judged again.
 */
export function parsePool(
  resource: PoolResource,
  structural: readonly Problem[] = [],
): { pool: Pool } | { problems: Problem[] } {
  const problems = [...structural];
  const report: Report = (field, message) => {
    if (!structural.some((problem) => isWithin(problem.field, field))) problems.push({ field, message });
  };
  reportName(resource.name, report);
  const pool = resource.kind === "IPPool" ? readIPPool(resource, report) : readCIDRPool(resource, report);
  if (pool === undefined && problems.length === 0) report("spec", "is incomplete");
  return pool === undefined || problems.length > 0 ? { problems } : { pool };
}

function isWithin(outer: string, field: string): boolean {
  return field.startsWith(outer) && /^$|^[.[]/.test(field.slice(outer.length));
}

/** Pools are named in CNI configuration, so their names fit where CNI network names do. */
function reportName(name: string, report: Report): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return;
  report(
    "metadata.name",
    `"${name}" does not fit a CNI network name: a letter or digit, then letters, digits, "_", "." and "-"`,
  );
}
