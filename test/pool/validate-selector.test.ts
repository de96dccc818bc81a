// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { ipPool, manifest, problemsOf } from "./read.ts";

const spec = (nodeSelector: unknown) => ({ subnet: "10.0.0.0/24", perNodeBlockSize: 10, nodeSelector });
const terms = (...nodeSelectorTerms: unknown[]) => spec({ nodeSelectorTerms });
const expression = (key: string, operator: string, values?: string[]) =>
  terms({ matchExpressions: [{ key, operator, values }] });
const fieldMatch = (key: string, operator: string, values?: string[]) =>
  terms({ matchFields: [{ key, operator, values }] });
const name63 = "x".repeat(63);

const valid = [
  terms({}),
  expression("a", "In", ["b"]),
  expression("a.b/c_d.e-F", "NotIn", ["", "b", name63]),
  expression(name63, "Exists"),
  expression("a", "DoesNotExist", []),
  expression("a", "Gt", ["5"]),
  expression("a", "Lt", ["5"]),
  expression("a", "In", ["b", "c d"]),
  fieldMatch("metadata.name", "In", ["node-1.example"]),
  fieldMatch("metadata.name", "NotIn", ["n"]),
];

for (const value of valid) {
  test(`valid: ${JSON.stringify(value.nodeSelector)}`, (t) => {
    t.same(problemsOf(manifest("IPPool", value)), []);
    t.end();
  });
}

const e = "matchExpressions[0]";
const f = "matchFields[0]";
const invalid: [value: ReturnType<typeof spec>, at: string, says: RegExp][] = [
  [expression("a", "In"), `${e}.values`, /at least one value with operator In/],
  [expression("a", "NotIn", []), `${e}.values`, /at least one value/],
  [expression("a", "Exists", ["b"]), `${e}.values`, /must be empty/],
  [expression("a", "DoesNotExist", ["b"]), `${e}.values`, /must be empty/],
  [expression("a", "Gt", []), `${e}.values`, /exactly one/],
  [expression("a", "Lt", ["1", "2"]), `${e}.values`, /exactly one/],
  [expression("a", "in", ["b"]), `${e}.operator`, /"in" is none of In, NotIn, Exists/],
  [expression("a", "toString", ["b"]), `${e}.operator`, /is none of/],
  [expression("", "Exists"), `${e}.key`, /is not a label key/],
  [expression("-a", "Exists"), `${e}.key`, /is not a label key/],
  [expression("a-", "Exists"), `${e}.key`, /is not a label key/],
  [expression("A.b/c", "Exists"), `${e}.key`, /is not a label key/],
  [expression("/c", "Exists"), `${e}.key`, /is not a label key/],
  [expression("a/b/c", "Exists"), `${e}.key`, /is not a label key/],
  [expression(`${name63}x`, "Exists"), `${e}.key`, /is not a label key/],
  [fieldMatch("metadata.uid", "In", ["n"]), `${f}.key`, /must be metadata.name/],
  [fieldMatch("metadata.name", "Exists", ["n"]), `${f}.operator`, /none of In, NotIn/],
  [fieldMatch("metadata.name", "In", ["n", "m"]), `${f}.values`, /exactly one/],
  [fieldMatch("metadata.name", "In"), `${f}.values`, /exactly one/],
  [fieldMatch("metadata.name", "In", ["N"]), `${f}.values[0]`, /is no name a node can have/],
];

for (const [value, at, says] of invalid) {
  test(`invalid: ${JSON.stringify(value.nodeSelector)}`, (t) => {
    const [problem = "", ...more] = problemsOf(manifest("IPPool", value));
    t.same(more, []);
    t.equal(problem.slice(0, problem.indexOf(":")), `spec.nodeSelector.nodeSelectorTerms[0].${at}`);
    t.match(problem, says);
    t.end();
  });
}

for (const value of [spec({}), terms(), spec({ nodeSelectorTerms: null })]) {
  test(`no terms: ${JSON.stringify(value.nodeSelector)}`, (t) => {
    t.match(problemsOf(manifest("IPPool", value)), [
      /^spec\.nodeSelector\.nodeSelectorTerms: must have at least one term/,
    ]);
    t.end();
  });
}

test("the selector in the core's shape; absent where there is none", (t) => {
  t.same(ipPool(expression("a", "Exists")).nodeSelector, {
    terms: [{ matchExpressions: [{ key: "a", operator: "Exists", values: [] }], matchFields: [] }],
  });
  t.notOk("nodeSelector" in ipPool(spec(undefined)));
  t.end();
});
