// SPDX-License-Identifier: Apache-2.0
// The fields of the kinds, out of the schemas of their definitions.
import { parse } from "yaml";
import { code, markdownTable } from "./reference-table.ts";

type Schema = {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly enum?: readonly string[];
};

type Definition = {
  readonly spec: {
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly shortNames?: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
      readonly additionalPrinterColumns?: readonly {
        readonly name: string;
        readonly jsonPath: string;
        readonly priority?: number;
      }[];
    }[];
  };
};

/** A chapter about the kind that the YAML of a CustomResourceDefinition describes; throws Error for a field without meaning. */
export function describeKind(yaml: string): readonly string[] {
  const { names, versions } = (parse(yaml) as Definition).spec;
  const [version] = versions;
  if (version === undefined) throw new Error(`${names.kind}: no version`);
  const schema = version.schema.openAPIV3Schema;
  const { spec, status } = schema.properties ?? {};
  if (spec === undefined || status === undefined) throw new Error(`${names.kind}: no spec or no status`);
  return [
    `## ${names.kind}`,
    "",
    ...(schema.description ?? "").split("\n").flatMap((paragraph) => [paragraph, ""]),
    `For kubectl: ${[names.plural, ...(names.shortNames ?? [])].map(code).join(", ")}.`,
    "",
    ...fieldTable(spec, "spec"),
    "",
    `### Status of ${names.kind}`,
    "",
    `${status.description ?? ""}`,
    "",
    ...fieldTable(status, "status"),
    "",
    ...markdownTable(
      ["Column of `kubectl get`", "Field", "With `-o wide` only"],
      (version.additionalPrinterColumns ?? []).map(({ name, jsonPath, priority = 0 }) => [
        name,
        code(jsonPath),
        priority > 0 ? "yes" : "",
      ]),
    ),
  ];
}

function fieldTable(schema: Schema, path: string): readonly string[] {
  return markdownTable(["Field", "Type", "Needed", "Meaning"], listFields(schema, path));
}

function listFields(schema: Schema, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}`;
    if (!field.description) throw new Error(`${here} has no description`);
    const needed = schema.required?.includes(name) ? "yes" : "";
    const isList = field.type === "array";
    const inner = isList ? listFields(field.items ?? {}, `${here}[]`) : listFields(field, here);
    return [[code(here), typeOf(field), needed, field.description], ...inner];
  });
}

function typeOf({ type = "object", format, items, minimum, enum: words }: Schema): string {
  if (type === "array") return `list of ${typeOf(items ?? {})}`;
  if (words !== undefined) return words.join(", ");
  const width = format === undefined ? type : format === "date-time" ? "time" : format;
  return minimum === undefined ? width : `${width}, from ${minimum}`;
}
