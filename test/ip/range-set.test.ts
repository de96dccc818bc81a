// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { RangeSet } from "../../lib/ip/range-set.ts";

/** A small fixed generator, so that a failure repeats: xorshift32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test("holds what a plain set of numbers holds", (t) => {
  for (const [seed, width] of [
    [1, 40],
    [2, 300],
    [3, 3000],
  ] as const) {
    const random = randomFrom(seed);
    const base = seed === 2 ? 0xfd00n << 112n : 10n;
    const set = new RangeSet([{ first: base, last: base + BigInt(width / 2 - 1) }]);
    const plain = new Set<number>(Array.from({ length: width / 2 }, (_, i) => i));
    let differing = 0;
    for (let i = 0; i < 20_000; i++) {
      const n = random(width);
      const value = base + BigInt(n);
      // Phases that mostly fill and phases that mostly empty it.
      const fill = random(10) < (Math.floor(i / 2000) % 2 === 0 ? 8 : 2);
      if (fill) {
        if (set.add(value) === plain.has(n)) differing++;
        plain.add(n);
      } else if (set.remove(value) !== plain.delete(n)) differing++;
      if (set.size !== BigInt(plain.size)) differing++;
      if (i % 7 === 0) {
        let next = random(width);
        const from = base + BigInt(next);
        while (next < width && !plain.has(next)) next++;
        const expected = next < width ? base + BigInt(next) : undefined;
        if (set.firstAtOrAfter(from) !== expected || set.has(from) !== (expected === from)) differing++;
      }
    }
    t.equal(differing, 0, `seed ${seed}`);
    const listed = [...set.spans()].flatMap(({ first, last }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, i) => Number(first - base) + i),
    );
    t.same(
      listed,
      [...plain].sort((a, b) => a - b),
    );
    t.equal(set.first, listed.length > 0 ? base + BigInt(listed[0]!) : undefined);
  }
  t.end();
});

test("keeps its ranges separate and not touching", (t) => {
  const set = new RangeSet();
  for (const value of [5n, 3n, 4n, 9n, 7n, 8n, 1n]) t.equal(set.add(value), true);
  t.same(
    [...set.spans()],
    [
      { first: 1n, last: 1n },
      { first: 3n, last: 5n },
      { first: 7n, last: 9n },
    ],
  );
  t.equal(set.add(4n), false);
  t.equal(set.remove(2n), false);
  t.equal(set.firstAtOrAfter(10n), undefined);
  t.end();
});

test("costs the same in a large, fragmented set as in an untouched one", (t) => {
  const most = (set: RangeSet, values: readonly bigint[]): number => {
    let worst = 0;
    for (const value of values) {
      const before = set.steps;
      if (set.remove(value)) set.add(value);
      else if (set.add(value)) set.remove(value);
      set.firstAtOrAfter(value);
      worst = Math.max(worst, set.steps - before);
    }
    return worst;
  };
  const random = randomFrom(7);
  const base = 0xfd00n << 112n;
  const width = 1 << 17;
  const values = Array.from({ length: 2000 }, () => base + BigInt(random(width)));
  const untouched = new RangeSet([{ first: base, last: base + (1n << 64n) - 1n }]);
  const fragmented = new RangeSet([{ first: base, last: base + (1n << 64n) - 1n }]);
  let built = 0;
  for (let removed = 0; removed < 60_000; ) {
    const before = fragmented.steps;
    if (fragmented.remove(base + BigInt(random(width)))) removed++;
    built = Math.max(built, fragmented.steps - before);
  }
  t.ok(most(untouched, values) < 50);
  t.ok(most(fragmented, values) < 2000, "bounded by the chunk, not by the 30,000 ranges");
  t.ok(built < 1200, `one removal while it was built: ${built}`);
  t.end();
});
