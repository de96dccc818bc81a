// SPDX-License-Identifier: Apache-2.0

export type Random = {
  /** To be printed, and given as RANDOM_SEED to run the same again. */
  readonly seed: number;
  /** A whole number in [0, end). */
  below(end: number): number;
  pick<T>(from: readonly T[]): T;
  bytes(length: number): Uint8Array<ArrayBuffer>;
};

/** Numbers that a seed repeats (the mulberry32 generator). */
export function randomFrom(seed = Number(process.env.RANDOM_SEED ?? Date.now() % 2 ** 31)): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    seed,
    below,
    pick: (from) => from[below(from.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
