// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import {
  clampRanges,
  findRangeIndex,
  intersectRanges,
  mergeRanges,
  type Range,
  rangeContains,
  rangeSize,
} from "../../lib/ip/range.ts";

const range = (first: number, last: number, family: 4 | 6 = 4): Range => ({
  family,
  first: BigInt(first),
  last: BigInt(last),
});

const merges: [name: string, given: Range[], expected: Range[]][] = [
  ["nothing", [], []],
  ["one", [range(1, 2)], [range(1, 2)]],
  ["in order", [range(1, 2), range(4, 5)], [range(1, 2), range(4, 5)]],
  ["out of order", [range(4, 5), range(1, 2)], [range(1, 2), range(4, 5)]],
  ["touching", [range(1, 2), range(3, 5)], [range(1, 5)]],
  ["overlapping", [range(1, 4), range(3, 5)], [range(1, 5)]],
  ["one within another", [range(1, 9), range(3, 5), range(7, 8)], [range(1, 9)]],
  ["the same twice", [range(1, 2), range(1, 2)], [range(1, 2)]],
  ["a bridge", [range(1, 2), range(6, 7), range(3, 5)], [range(1, 7)]],
];

for (const [name, given, expected] of merges) {
  test(`merged: ${name}`, (t) => {
    t.same(mergeRanges(given), expected);
    t.same(mergeRanges([...given].reverse()), expected);
    t.end();
  });
}

test("what two ranges share", (t) => {
  t.same(intersectRanges(range(1, 5), range(4, 9)), range(4, 5));
  t.same(intersectRanges(range(4, 9), range(1, 5)), range(4, 5));
  t.same(intersectRanges(range(1, 5), range(5, 5)), range(5, 5));
  t.equal(intersectRanges(range(1, 5), range(6, 9)), undefined);
  t.equal(intersectRanges(range(1, 5), range(1, 5, 6)), undefined);
  t.end();
});

test("ranges cut to bounds", (t) => {
  t.same(clampRanges(range(10, 20), [range(18, 30), range(1, 9), range(5, 12), range(13, 14)]), [
    range(10, 14),
    range(18, 20),
  ]);
  t.end();
});

test("size and membership", (t) => {
  t.equal(rangeSize(range(3, 3)), 1n);
  t.equal(rangeSize({ family: 6, first: 0n, last: (1n << 128n) - 1n }), 1n << 128n);
  t.ok(rangeContains(range(3, 5), { family: 4, value: 3n }));
  t.ok(rangeContains(range(3, 5), { family: 4, value: 5n }));
  t.notOk(rangeContains(range(3, 5), { family: 4, value: 6n }));
  t.notOk(rangeContains(range(3, 5), { family: 6, value: 4n }));
  t.end();
});

test("the first range that ends at or after a value", (t) => {
  const sorted = [range(1, 2), range(4, 6), range(9, 9)];
  t.same(
    [0, 1, 2, 3, 4, 6, 7, 9, 10].map((value) => findRangeIndex(sorted, BigInt(value))),
    [0, 0, 0, 1, 1, 1, 2, 2, 3],
  );
  t.equal(findRangeIndex([], 1n), 0);
  t.end();
});
