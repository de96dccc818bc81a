// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import {
  findCircles,
  findForbiddenImports,
  findUntidyFiles,
  findWayOut,
  listImports,
  readSources,
} from "../../scripts/house.ts";
import { importRules, selfContained } from "../../scripts/house-rules.ts";

const root = resolve(import.meta.dirname, "../..");
const sources = readSources(root);

test("the house is read", (t) => {
  t.ok(sources.length > 50);
  t.ok(
    sources.some(({ path }) => path === "scripts/build"),
    "scripts without extension too",
  );
  const lost = sources.flatMap((source) =>
    listImports(source)
      .filter(({ target }) => /^(cmd|lib|scripts|test)\//.test(target) && !existsSync(join(root, target)))
      .map(({ target }) => `${source.path}: ${target}`),
  );
  t.same(lost, [], "every import inside the repository is understood");
  t.end();
});

for (const rule of importRules) {
  test(`imports: ${rule.reason} (${rule.from} never ${rule.never})`, (t) => {
    t.same(findForbiddenImports(sources, [rule]), []);
    t.end();
  });
}

for (const entry of selfContained) {
  test(`${entry} reaches nothing outside the repository`, (t) => {
    t.ok(sources.some(({ path }) => path === entry));
    t.equal(findWayOut(sources, entry), undefined);
    t.end();
  });
}

test("no files import each other in a circle, not even types", (t) => {
  t.same(findCircles(sources), []);
  t.end();
});

test("files are short, licensed and named", (t) => {
  t.same(findUntidyFiles(sources), []);
  t.end();
});
