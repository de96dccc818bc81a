// SPDX-License-Identifier: Apache-2.0
// The dashboard asks for what the programs expose, and for nothing else.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "tap";
import { busyController, busyDaemon } from "./every-figure.ts";
import { parseScrape } from "./scrape-text.ts";

type Target = { readonly refId: string; readonly expr: string; readonly datasource: unknown };
type Panel = {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: unknown;
  readonly targets?: readonly Target[];
};
type Variable = { readonly name: string; readonly type: string; readonly definition?: string };
type Dashboard = {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
};

const file = resolve(import.meta.dirname, "../../install/grafana/nv-ipam.json");
const dashboard = JSON.parse(readFileSync(file, "utf8")) as Dashboard;
const variables = dashboard.templating.list;
const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => ({ title, ...target })),
);

/** The names that samples carry, each with its labels. */
async function exposed(): Promise<Map<string, Set<string>>> {
  const labels = new Map<string, Set<string>>();
  for (const source of [busyDaemon().source, busyController().source]) {
    for (const { samples } of parseScrape(await source.render()).values()) {
      for (const sample of samples)
        labels.set(sample.name, new Set([...(labels.get(sample.name) ?? []), ...Object.keys(sample.labels)]));
    }
  }
  return labels;
}

const namesIn = (expr: string): string[] => expr.match(/\b(?:nv_ipam|process|nodejs)_\w+/g) ?? [];

test("every expression names figures and labels that are exposed", async (t) => {
  const known = await exposed();
  t.ok(targets.length > 20);
  for (const { title, expr } of targets) {
    const names = namesIn(expr);
    t.ok(names.length > 0, `${title}: ${expr}`);
    for (const name of names) t.ok(known.has(name), `${title}: ${name}`);
    // What the scrape's configuration adds to every series.
    const labels = new Set(["instance", ...names.flatMap((name) => [...(known.get(name) ?? [])])]);
    const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(", "));
    const matched = [...expr.matchAll(/(\w+)\s*(?:=~|!=|!~|=)\s*"/g)].map(([, label]) => label!);
    for (const label of [...grouped, ...matched]) t.ok(labels.has(label), `${title}: label ${label}`);
  }
});

test("every figure of nv-ipam is on the dashboard", async (t) => {
  const shown = new Set(targets.flatMap(({ expr }) => namesIn(expr)));
  const families = [busyDaemon(), busyController()].map(async ({ source }) =>
    parseScrape(await source.render()),
  );
  for (const family of (await Promise.all(families)).flatMap((some) => [...some.keys()])) {
    if (family.startsWith("nv_ipam_"))
      t.ok(
        [...shown].some((name) => name.startsWith(family)),
        family,
      );
  }
});

test("counters are read as rates, and nothing else is", async (t) => {
  for (const { title, expr } of targets) {
    const rated = [...expr.matchAll(/\b(?:rate|increase)\((\w+)/g)].map(([, name]) => name!);
    const counters = namesIn(expr).filter((name) => /_(total|bucket|sum|count)$/.test(name));
    t.same(counters.sort(), rated.sort(), `${title}: ${expr}`);
  }
});

test("expressions are balanced, and their variables are defined", (t) => {
  const names = [...variables.map(({ name }) => name), "__rate_interval"];
  const queries = variables.flatMap(({ definition }) => definition ?? []);
  for (const expr of [...targets.map((target) => target.expr), ...queries]) {
    for (const [open, close] of ["()", "{}", "[]"].map((pair) => pair.split("") as [string, string]))
      t.equal(expr.split(open).length, expr.split(close).length, expr);
    for (const [, name] of expr.matchAll(/\$(\w+)/g)) t.ok(names.includes(name!), `$${name}`);
  }
  t.end();
});

test("it takes its data source from a variable, and its panels lie side by side", (t) => {
  t.ok(dashboard.schemaVersion >= 39);
  t.ok(variables.some(({ name, type }) => name === "datasource" && type === "datasource"));
  const panels = dashboard.panels.filter(({ type }) => type !== "row");
  for (const part of [...panels, ...targets])
    t.same(part.datasource, { type: "prometheus", uid: `\${datasource}` }, part.title);
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  t.equal(new Set(cells).size, cells.length, "no two overlap");
  t.end();
});
