// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { pictures, picturesDir } from "../../scripts/pictures.ts";

test("the maps of the documents are what the code draws now", (t) => {
  for (const [name, text] of Object.entries(pictures)) {
    t.equal(readFileSync(join(picturesDir, name), "utf8"), text, `run node scripts/pictures.ts for ${name}`);
  }
  t.end();
});
