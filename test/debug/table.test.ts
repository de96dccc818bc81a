// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { Table } from "../../lib/debug/table.ts";

test("columns are aligned, nothing trails, an empty cell is a dash", (t) => {
  const table = new Table(["NAME", "IP", "AGE"]);
  t.equal(
    table.format([
      ["a-long-name", "10.0.0.1", "5s"],
      ["b", "", "3d4h"],
    ]),
    ["NAME          IP         AGE", "a-long-name   10.0.0.1   5s", "b             -          3d4h", ""].join(
      "\n",
    ),
  );
  t.end();
});

test("a later page has no header, and keeps or widens the columns", (t) => {
  const table = new Table(["A", "B"]);
  table.format([["wide-enough", "1"]]);
  t.equal(table.format([["x", "2"]]), "x             2\n");
  t.equal(table.format([["much-wider-than-before", "3"]]), "much-wider-than-before   3\n");
  t.end();
});

test("stored text can neither break a line nor steer a terminal", (t) => {
  const evil = "a\u001b[2J\u001b]0;owned\u0007\r\nroot\u009b31m\u202e\u2028b";
  const text = new Table(["A"]).format([[evil]]);
  t.equal(text, "A\na\\u001b[2J\\u001b]0;owned\\u0007\\u000d\\u000aroot\\u009b31m\\u202e\\u2028b\n");
  t.end();
});

test("wide, combining and joined characters keep the columns straight", (t) => {
  const table = new Table(["A", "B"]);
  t.equal(
    table.format([
      ["日本", "1"],
      ["e\u0301", "2"],
      ["ab😀", "3"],
    ]),
    ["A      B", "日本   1", "e\u0301      2", "ab😀   3", ""].join("\n"),
  );
  t.end();
});
