// SPDX-License-Identifier: Apache-2.0
// JSON of other programs, of which anything may be missing: what is not there is empty.

export function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The key may be written in any case, as Go's parser reads it; the last one counts. */
export function fieldOf(value: unknown, key: string): unknown {
  const entries = Object.entries(recordOf(value) ?? {});
  return entries.findLast(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
