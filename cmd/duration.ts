// SPDX-License-Identifier: Apache-2.0

const UNIT_MS = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/**
 * A duration as Go's time.ParseDuration reads it ("10m", "1h30m", "0"), not negative, as milliseconds.
 * Throws an Error that says what would be right.
 */
export function parseDuration(text: string): number {
  const digits = text.replace(/^\+/, "");
  if (digits === "0") return 0;
  const parts = [...digits.matchAll(PART)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  if (parts.length === 0 || length !== digits.length) {
    throw new Error(`"${text}" is not a duration: write it as 30s, 10m or 1h30m`);
  }
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
}
