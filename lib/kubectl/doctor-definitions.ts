// SPDX-License-Identifier: Apache-2.0
import { type Api, type ApiObject, getObject, listAt, textAt, valueAt } from "./api.ts";
import type { Diagnosis, Finding } from "./finding.ts";

const NAMES = ["ippools.nv-ipam.nvidia.com", "cidrpools.nv-ipam.nvidia.com"];
const RESOURCE = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
const APPLY =
  "apply the CustomResourceDefinitions of this version (install/crds), which take every object that is there";

/** Fields of status that the definitions of the Go nv-ipam do not have: the API drops what is written to them. */
const STATUS_FIELDS = ["allocatedNodes", "conditions", "freeBlocks", "observedGeneration", "releasedBlocks"];

/** Whether both kinds are there, served, and as new as the controller. */
export async function diagnoseDefinitions(api: Api): Promise<Diagnosis & { readonly isMissing: boolean }> {
  const found = await Promise.all(NAMES.map((name) => getObject(api, RESOURCE, name)));
  const findings = found.flatMap((definition, i) => judge(NAMES[i]!, definition));
  return { findings, unchecked: [], isMissing: found.includes(undefined) };
}

function judge(name: string, definition: ApiObject | undefined): Finding[] {
  const finding = (severity: Finding["severity"], message: string): Finding[] => [
    { check: "definitions", severity, message, fix: APPLY },
  ];
  if (definition === undefined) return finding("error", `the CustomResourceDefinition ${name} is missing`);
  const { object } = definition;
  const established = listAt(object, "status", "conditions").find(
    (condition) => textAt(condition, "type") === "Established",
  );
  if (textAt(established, "status") !== "True") {
    const why = textAt(established, "message") || "the API has not accepted it yet";
    return finding("error", `the CustomResourceDefinition ${name} is not served: ${why}`);
  }
  const version = listAt(object, "spec", "versions").find((one) => textAt(one, "name") === "v1alpha1");
  if (valueAt(version, "served") !== true) {
    return finding("error", `the CustomResourceDefinition ${name} does not serve version v1alpha1`);
  }
  const status = valueAt(version, "schema", "openAPIV3Schema", "properties", "status", "properties");
  const lacking = STATUS_FIELDS.filter((field) => valueAt(status, field) === undefined);
  if (lacking.length === 0) return [];
  const message = `the CustomResourceDefinition ${name} is an old one: the API drops status fields ${lacking.join(", ")}`;
  return finding("warning", message);
}
