// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { matchesNode, type Node, type SelectorRequirement, selectNodes } from "../../lib/pool/selector.ts";

const node: Node = {
  name: "n1",
  labels: { zone: "a", cores: "16", odd: "+007", long: "9223372036854775808", empty: "" },
};
type Written = [key: string, operator: SelectorRequirement["operator"], ...values: string[]];

const requirement = ([key, operator, ...values]: Written): SelectorRequirement => ({ key, operator, values });
const term = (expressions: Written[], fields: Written[] = []) => ({
  matchExpressions: expressions.map(requirement),
  matchFields: fields.map(requirement),
});

const single: [Written, boolean][] = [
  [["zone", "In", "a", "b"], true],
  [["zone", "In", "b"], false],
  [["none", "In", "a"], false],
  [["empty", "In", ""], true],
  [["zone", "NotIn", "b"], true],
  [["zone", "NotIn", "a"], false],
  [["none", "NotIn", "a"], true],
  [["zone", "Exists"], true],
  [["empty", "Exists"], true],
  [["zone", "In", "a", "c d"], false],
  [["zone", "NotIn", "c d"], false],
  [["cores", "Gt", "-1"], false],
  [["none", "Exists"], false],
  [["none", "DoesNotExist"], true],
  [["zone", "DoesNotExist"], false],
  [["toString", "Exists"], false],
  [["cores", "Gt", "15"], true],
  [["cores", "Gt", "16"], false],
  [["cores", "Lt", "17"], true],
  [["cores", "Lt", "16"], false],
  [["odd", "Gt", "6"], true],
  [["odd", "Lt", "8"], true],
  [["zone", "Gt", "1"], false],
  [["cores", "Gt", "x"], false],
  [["cores", "Gt", "1.5"], false],
  [["none", "Lt", "5"], false],
  [["empty", "Lt", "5"], false],
  [["long", "Gt", "1"], false],
];

for (const [written, expected] of single) {
  test(`${written.join(" ")}: ${expected}`, (t) => {
    t.equal(matchesNode({ terms: [term([written])] }, node), expected);
    t.end();
  });
}

test("terms are ORed, what is in one is ANDed", (t) => {
  const yes: Written = ["zone", "In", "a"];
  const no: Written = ["zone", "In", "b"];
  t.ok(matchesNode({ terms: [term([no]), term([yes])] }, node));
  t.notOk(matchesNode({ terms: [term([yes, no])] }, node));
  t.ok(matchesNode({ terms: [term([yes], [["metadata.name", "In", "n1"]])] }, node));
  t.notOk(matchesNode({ terms: [term([yes], [["metadata.name", "In", "n2"]])] }, node));
  t.ok(matchesNode({ terms: [term([], [["metadata.name", "NotIn", "n2"]])] }, node));
  t.notOk(matchesNode({ terms: [term([], [["metadata.uid", "NotIn", "n2"]])] }, node));
  t.end();
});

test("a value that no label can have spoils its term, not the others", (t) => {
  const yes: Written = ["zone", "In", "a"];
  const bad: Written = ["other", "NotIn", "c d"];
  t.notOk(matchesNode({ terms: [term([yes, bad])] }, node));
  t.ok(matchesNode({ terms: [term([bad]), term([yes])] }, node));
  t.end();
});

test("an empty term, or none, matches nothing", (t) => {
  t.notOk(matchesNode({ terms: [] }, node));
  t.notOk(matchesNode({ terms: [term([])] }, node));
  t.ok(matchesNode({ terms: [term([]), term([["zone", "Exists"]])] }, node));
  t.end();
});

test("nodes of a pool: by name, each once; without a selector all", (t) => {
  const nodes = [{ name: "b", labels: {} }, node, { name: "a", labels: { zone: "a" } }, node];
  t.same(selectNodes(undefined, nodes), ["a", "b", "n1"]);
  t.same(selectNodes({ terms: [term([["zone", "Exists"]])] }, nodes), ["a", "n1"]);
  t.end();
});
