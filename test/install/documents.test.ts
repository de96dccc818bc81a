// SPDX-License-Identifier: Apache-2.0
// What docs/install.md tells users to write and to run.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { skipUnless } from "../support/layers.ts";
import { install, readManifests, renderChart, renderKustomization } from "./rendering.ts";

const root = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs", "install.md"), "utf8");
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((found) => found[1]!);

test("the files that it names exist", (t) => {
  const named = [...text.matchAll(/(?:\.\.\/)?(install\/[\w./-]+)/g)].map((found) => found[1]!);
  t.ok(named.length > 8);
  for (const path of new Set(named)) t.ok(existsSync(join(root, path)), path);
  t.end();
});

test("the kustomization", { skip: skipUnless("kubectl") }, async (t) => {
  const dir = t.testdir({});
  cpSync(install, join(dir, "install"), { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(dir, "my-cluster"));
  t.equal(blocks("yaml").length, 1);
  writeFileSync(join(dir, "my-cluster", "kustomization.yaml"), blocks("yaml")[0]!);
  const rendered = await renderKustomization(join(dir, "my-cluster"));
  for (const part of ["image: registry.example.com/nv-ipam:", "type: spc_t", "kind: ServiceMonitor"]) {
    t.ok(rendered.includes(part), part);
  }
  t.notMatch(rendered, /localhost/);
});

test("the chart's values", { skip: skipUnless("helm") }, async (t) => {
  const flags = blocks("shell").flatMap((block) =>
    [...block.matchAll(/--set (\S+)/g)].map((found) => found[1]!),
  );
  const named = [...text.matchAll(/`((?:webhook|openshift)\.\w+=[\w=.,]+)`/g)].map((found) => found[1]!);
  const values = new Set([...flags, ...named]);
  t.ok(values.size >= 4);
  for (const value of values) {
    const more = value.includes("provided") ? ["--set=webhook.caBundle=QQ=="] : [];
    const manifests = readManifests(await renderChart([`--set=${value}`, ...more]));
    t.ok(manifests.length >= 17, value);
  }
});
