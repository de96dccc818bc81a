// SPDX-License-Identifier: Apache-2.0

/** core/v1 NodeSelectorRequirement. */
export type SelectorRequirement = {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  readonly values: readonly string[];
};

/** core/v1 NodeSelector: the terms are ORed, what a term holds is ANDed; an empty term matches nothing. */
export type NodeSelector = {
  readonly terms: readonly {
    readonly matchExpressions: readonly SelectorRequirement[];
    readonly matchFields: readonly SelectorRequirement[];
  }[];
};

/** What of a node matters to pools. */
export type Node = { readonly name: string; readonly labels: Readonly<Record<string, string>> };
