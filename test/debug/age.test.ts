// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { formatAge } from "../../lib/debug/age.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const ages: [milliseconds: number, text: string][] = [
  [-5 * DAY, "0s"],
  [0, "0s"],
  [999, "0s"],
  [119 * SECOND, "119s"],
  [2 * MINUTE, "2m"],
  [2 * MINUTE + 5 * SECOND, "2m5s"],
  [10 * MINUTE + 5 * SECOND, "10m"],
  [179 * MINUTE, "179m"],
  [3 * HOUR, "3h"],
  [3 * HOUR + 7 * MINUTE, "3h7m"],
  [8 * HOUR + 7 * MINUTE, "8h"],
  [47 * HOUR, "47h"],
  [2 * DAY, "2d"],
  [3 * DAY + 4 * HOUR, "3d4h"],
  [8 * DAY + 4 * HOUR, "8d"],
  [729 * DAY, "729d"],
  [2 * YEAR + 10 * DAY, "2y10d"],
  [9 * YEAR + 10 * DAY, "9y"],
];

test("ages read as kubectl's do", (t) => {
  for (const [milliseconds, text] of ages) t.equal(formatAge(milliseconds), text);
  t.end();
});
