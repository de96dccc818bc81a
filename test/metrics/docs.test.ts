// SPDX-License-Identifier: Apache-2.0
// docs/metrics.md lists what the programs expose, with its type and labels, and nothing else.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "tap";
import { busyController, busyDaemon } from "./every-figure.ts";
import { type Family, parseScrape } from "./scrape-text.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../docs/metrics.md"), "utf8");

type Row = { readonly type: string; readonly labels: readonly string[] };

const rows = new Map<string, Row>(
  [...text.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) ?\| (.+) \|$/gm)].map(([, name, type, labels]) => [
    name!,
    {
      type: type!,
      labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!).sort(),
    },
  ]),
);

async function exposed(): Promise<Family[]> {
  const texts = [busyDaemon(), busyController()].map(({ source }) => source.render());
  return (await Promise.all(texts)).flatMap((scrape) => [...parseScrape(scrape).values()]);
}

test("every metric has its row", async (t) => {
  const families = await exposed();
  for (const { name, type, samples } of families) {
    const labels = new Set(
      samples.flatMap((sample) => Object.keys(sample.labels)).filter((label) => label !== "le"),
    );
    t.ok(samples.length > 0, `${name} has a sample`);
    const row = rows.get(name);
    t.same([row?.type, row?.labels], [type, [...labels].sort()], name);
  }
  const names = new Set(families.map(({ name }) => name));
  t.same(
    [...rows.keys()].filter((name) => !names.has(name)),
    [],
    "no row is left over",
  );
});

test("the alerts name what is exposed", async (t) => {
  const names = (await exposed()).map(({ name }) => name);
  const lines = text.split("\n").filter((line) => /^ {4}[^#]/.test(line));
  t.equal(lines.length, 4);
  for (const line of lines) {
    for (const name of line.match(/nv_ipam_\w+/g) ?? [])
      t.ok(names.includes(name.replace(/_bucket$/, "")), name);
  }
});
