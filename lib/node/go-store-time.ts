// SPDX-License-Identifier: Apache-2.0
// Go's time.RFC3339Nano: "2026-11-21T02:37:16.515123511Z", without zeros at the end of the fraction.

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const NANOSECONDS_PER_SECOND = 1_000_000_000n;
const NANOSECONDS_PER_MS = 1_000_000n;

/** Nanoseconds since the epoch; undefined when the text is no such time. */
export function parseGoTime(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, seconds, fraction = "", zone] = match;
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  return (BigInt(ms) / 1000n) * NANOSECONDS_PER_SECOND + BigInt(fraction.padEnd(9, "0"));
}

/** Milliseconds since the epoch, rounded down; 0 for what is no time: older than all that is. */
export function goTimeToMs(text: string): number {
  const nanoseconds = parseGoTime(text) ?? 0n;
  const rest = ((nanoseconds % NANOSECONDS_PER_MS) + NANOSECONDS_PER_MS) % NANOSECONDS_PER_MS;
  return Number((nanoseconds - rest) / NANOSECONDS_PER_MS);
}

/** `ms`: milliseconds since the epoch. In UTC, as a Go daemon in a container writes it. */
export function formatGoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}
