// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { parseDuration } from "../../cmd/duration.ts";

const good: Record<string, number> = {
  "0": 0,
  "0s": 0,
  "10m": 600_000,
  "1h30m": 5_400_000,
  "1h30m5.5s": 5_405_500,
  "+.5s": 500,
  "1.h": 3_600_000,
  "1500ms": 1500,
  "250us": 0.25,
  "1µs": 0.001,
  "100h": 360_000_000,
};
for (const [text, ms] of Object.entries(good)) {
  test(text, (t) => {
    t.equal(parseDuration(text), ms);
    t.end();
  });
}

for (const text of ["", "10", "1d", "-1h", "h", "1h 30m", "x1h", "1hx", ".h", "1h-30m", "++1h", "1..5h"]) {
  test(`not ${JSON.stringify(text)}`, (t) => {
    t.throws(() => parseDuration(text), /is not a duration: write it as 30s, 10m or 1h30m/);
    t.end();
  });
}
