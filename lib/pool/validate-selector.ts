// SPDX-License-Identifier: Apache-2.0
// A nodeSelector by the rules of core/v1.
import type { WrittenRequirement, WrittenSelector } from "./manifest-shape.ts";
import type { Report } from "./report.ts";
import { NODE_NAME_FIELD, type NodeSelector, type SelectorRequirement } from "./selector.ts";

type Operator = SelectorRequirement["operator"];

/** How many values an operator takes. */
const VALUE_COUNTS: Readonly<Record<Operator, { least: number; most: number; says: string }>> = {
  In: { least: 1, most: Number.POSITIVE_INFINITY, says: "must have at least one value" },
  NotIn: { least: 1, most: Number.POSITIVE_INFINITY, says: "must have at least one value" },
  Exists: { least: 0, most: 0, says: "must be empty" },
  DoesNotExist: { least: 0, most: 0, says: "must be empty" },
  Gt: { least: 1, most: 1, says: "must have exactly one value" },
  Lt: { least: 1, most: 1, says: "must have exactly one value" },
};

const NAME_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The selector as far as it can be read; what is wrong with it goes to `report`. Values that no label can have are no
 * problem: the Go controller takes such pools, and they match nothing.
 */
export function readSelector({ nodeSelectorTerms = [] }: WrittenSelector, report: Report): NodeSelector {
  const field = "spec.nodeSelector.nodeSelectorTerms";
  if (nodeSelectorTerms.length === 0)
    report(field, "must have at least one term; leave nodeSelector out for all nodes");
  const terms = nodeSelectorTerms.map(({ matchExpressions = [], matchFields = [] }, i) => ({
    matchExpressions: matchExpressions.flatMap((written, j) =>
      readExpression(written, `${field}[${i}].matchExpressions[${j}]`, report),
    ),
    matchFields: matchFields.flatMap((written, j) =>
      readFieldMatch(written, `${field}[${i}].matchFields[${j}]`, report),
    ),
  }));
  return { terms };
}

function readExpression(
  { key, operator, values = [] }: WrittenRequirement,
  field: string,
  report: Report,
): SelectorRequirement[] {
  if (key !== undefined && !isLabelKey(key)) {
    report(`${field}.key`, `"${key}" is not a label key: NAME or DOMAIN/NAME, NAME of at most 63 characters`);
  }
  if (operator === undefined) return [];
  if (!isOperator(operator)) {
    report(`${field}.operator`, `"${operator}" is none of ${Object.keys(VALUE_COUNTS).join(", ")}`);
    return [];
  }
  const { least, most, says } = VALUE_COUNTS[operator];
  if (values.length < least || values.length > most)
    report(`${field}.values`, `${says} with operator ${operator}`);
  return key === undefined ? [] : [{ key, operator, values }];
}

function readFieldMatch(
  { key, operator, values = [] }: WrittenRequirement,
  field: string,
  report: Report,
): SelectorRequirement[] {
  if (key !== undefined && key !== NODE_NAME_FIELD)
    report(`${field}.key`, `"${key}" must be ${NODE_NAME_FIELD}`);
  for (const [i, value] of values.entries()) {
    if (!isDnsSubdomain(value)) report(`${field}.values[${i}]`, `"${value}" is no name a node can have`);
  }
  if (values.length !== 1) report(`${field}.values`, "must have exactly one value");
  if (operator === undefined) return [];
  if (operator !== "In" && operator !== "NotIn") {
    report(`${field}.operator`, `"${operator}" is none of In, NotIn`);
    return [];
  }
  return key === undefined ? [] : [{ key, operator, values }];
}

function isOperator(operator: string): operator is Operator {
  return Object.hasOwn(VALUE_COUNTS, operator);
}

function isLabelKey(key: string): boolean {
  const [name = "", domain, ...more] = key.split("/").reverse();
  return more.length === 0 && NAME_PART.test(name) && (domain === undefined || isDnsSubdomain(domain));
}

function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}
