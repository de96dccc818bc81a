// SPDX-License-Identifier: Apache-2.0

/** core/v1 NodeSelectorRequirement. */
export type SelectorRequirement = {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  readonly values: readonly string[];
};

/** core/v1 NodeSelector: the terms are ORed, what a term holds is ANDed; an empty term matches nothing. */
export type NodeSelector = { readonly terms: readonly SelectorTerm[] };

export type SelectorTerm = {
  readonly matchExpressions: readonly SelectorRequirement[];
  readonly matchFields: readonly SelectorRequirement[];
};

/** What of a node matters to pools. */
export type Node = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

/** The one field that matchFields may name. */
export const NODE_NAME_FIELD = "metadata.name";

/** Names of the nodes that belong to a pool, sorted, each once; without a selector all of them. */
export function selectNodes(selector: NodeSelector | undefined, nodes: readonly Node[]): string[] {
  const names = nodes.filter((node) => selector === undefined || matchesNode(selector, node));
  return [...new Set(names.map(({ name }) => name))].sort();
}

/** core/v1 semantics; a selector without terms matches nothing. */
export function matchesNode({ terms }: NodeSelector, node: Node): boolean {
  return terms.some((term) => matchesTerm(term, node));
}

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** A requirement with a value that no label can have matches nothing, not even with NotIn: so Kubernetes decides. */
function isMatchable({ values }: SelectorRequirement): boolean {
  return values.every((value) => LABEL_VALUE.test(value));
}

function matchesTerm({ matchExpressions, matchFields }: SelectorTerm, { name, labels }: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every(
      (requirement) =>
        isMatchable(requirement) && matchesValue(requirement, ownValue(labels, requirement.key)),
    ) && matchFields.every((field) => field.key === NODE_NAME_FIELD && matchesValue(field, name))
  );
}

/** `value`: undefined when the node has no such label, which NotIn and DoesNotExist take as a match. */
function matchesValue({ operator, values }: SelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compares(value, values, (label, bound) => label > bound);
    case "Lt":
      return compares(value, values, (label, bound) => label < bound);
  }
}

/** Both are 64-bit integers or nothing matches, as strconv.ParseInt decides in Kubernetes. */
function compares(
  value: string | undefined,
  [bound, ...more]: readonly string[],
  test: (label: bigint, bound: bigint) => boolean,
): boolean {
  if (value === undefined || bound === undefined || more.length > 0) return false;
  const label = readInteger(value);
  const limit = readInteger(bound);
  return label !== undefined && limit !== undefined && test(label, limit);
}

function readInteger(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const number = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

function ownValue(labels: Node["labels"], key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
