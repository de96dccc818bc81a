// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { blockKey } from "../../lib/pool/block-key.ts";

test("one block has one key, in every spelling that status may hold", (t) => {
  for (const [key, ...entries] of [
    ["10.0.1.0/24", { prefix: "10.0.1.0/24" }, { prefix: "10.0.1.0/024" }, { prefix: "::ffff:10.0.1.0/120" }],
    ["fd00::/64", { prefix: "fd00::/64" }, { prefix: "FD00:0:0::/64" }],
    ["10.0.0.1-10.0.0.4", { startIP: "10.0.0.1", endIP: "10.0.0.4" }],
    ["fd00::1-fd00::a", { startIP: "FD00::1", endIP: "fd00:0:0::A" }],
    [undefined, { prefix: "10.0.1.0" }, { prefix: "" }, { startIP: "10.0.0.1", endIP: "x" }],
  ] as const) {
    for (const entry of entries) t.equal(blockKey(entry), key, JSON.stringify(entry));
  }
  t.end();
});
