// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { chartCopies, referenceFile, writeReference } from "../../scripts/reference.ts";
import { describeKind } from "../../scripts/reference-kinds.ts";

const root = resolve(import.meta.dirname, "../..");

test("docs/configuration.md is what scripts/reference writes", (t) => {
  t.equal(readFileSync(referenceFile, "utf8"), writeReference(), "run scripts/reference");
  t.end();
});

test("the chart has the definitions and the policy of install", (t) => {
  for (const { source, copy } of chartCopies)
    t.equal(readFileSync(copy, "utf8"), readFileSync(source, "utf8"), `${copy}: run scripts/reference`);
  t.end();
});

test("the reference has every flag and every field", (t) => {
  const reference = readFileSync(referenceFile, "utf8");
  const flags = readFileSync(join(root, "cmd", "flags.ts"), "utf8").replace(/^ *\/\*\*.*$/gm, "");
  const named = [...flags.matchAll(/(?:"--|path\("|bool\("|http\(")([a-z-]+)/g)].map(([, name = ""]) => name);
  t.ok(named.length > 20, `${named.length} flags`);
  for (const name of named) t.ok(reference.includes(`\`--${name}`), name);
  for (const field of [
    "spec.subnet",
    "spec.staticAllocations[].gateway",
    "spec.nodeSelector.nodeSelectorTerms[].matchFields[].values",
    "status.releasedBlocks[].releasedAt",
    "runtimeConfig.ips",
    "args.cni.allocateIPWithIndex",
    "daemonCallTimeoutSeconds",
  ])
    t.ok(reference.includes(`| \`${field}\` |`), field);
  t.end();
});

test("a field without a description is an error", (t) => {
  const crd = readFileSync(join(root, "install", "crds", "ippools.yaml"), "utf8");
  t.throws(() => describeKind(crd.replace("description: The first address of the range.", "")), {
    message: "spec.exclusions[].startIP has no description",
  });
  t.end();
});
