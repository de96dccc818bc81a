// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { drawBar } from "../../lib/picture/bar.ts";
import { screenOf } from "../../lib/picture/screen.ts";
import { shortenNames } from "../../lib/picture/short-names.ts";

test("bars are empty only when nothing is used, full only when nothing is left", (t) => {
  const cases: [bigint, bigint, string][] = [
    [0n, 100n, "[....................]   0 %"],
    [1n, 1000n, "[#...................]  <1 %"],
    [50n, 100n, "[##########..........]  50 %"],
    [999n, 1000n, "[###################.]  99 %"],
    [100n, 100n, "[####################] 100 %"],
    [101n, 100n, "[####################] 100 %"],
    [0n, 0n, "[....................]   0 %"],
    [3n, 1n << 64n, "[#...................]  <1 %"],
  ];
  for (const [used, capacity, bar] of cases) t.equal(drawBar(used, capacity, false), bar);
  t.equal(drawBar(95n, 100n, true), "[\u001b[1;31m###################\u001b[0m.]  95 %");
  t.end();
});

test("colour: on a terminal, unless NO_COLOR or TERM say otherwise", (t) => {
  const terminal = { isTTY: true, columns: 120, rows: 40 };
  t.same(screenOf(terminal, {}), { columns: 120, lines: 40, hasColour: true });
  t.equal(screenOf(terminal, { NO_COLOR: "1" }).hasColour, false);
  t.equal(screenOf(terminal, { NO_COLOR: "" }).hasColour, true, "an empty one counts as not set");
  t.equal(screenOf(terminal, { TERM: "dumb" }).hasColour, false);
  t.same(screenOf({ columns: 200 }, {}), { columns: 80, lines: 24, hasColour: false });
  t.end();
});

test("short names stay apart", (t) => {
  const short = (names: string[], width: number) => [...shortenNames(names, width).values()];
  t.same(short(["a", "b"], 3), ["a", "b"]);
  t.same(short(["node-10.x.org", "node-11.x.org"], 4), ["10", "11"]);
  t.same(short(["node-1", "node-1"], 2), ["n…"], "nothing would be left");
  t.same(short(["abcdefgh"], 4), ["abc…"]);
  t.end();
});
