// SPDX-License-Identifier: Apache-2.0
// JSON objects read as Go's encoding/json fills a struct, because configurations were written against that: keys match
// whatever their case, the last match wins, objects are merged, and a value of another type is an error. null leaves texts
// and numbers as they are and empties the rest.
import { parseJson } from "./strict-json.ts";

type JsonObject = { readonly [key: string]: unknown };

/** What the keys hold, by the key in lower case and in their order. */
type Members = { [folded: string]: unknown[] };

const INT32_LIMIT = 0x80000000;
const INT64_LIMIT = 0x8000000000000000;
const NONE: readonly never[] = [];

/** Read at every start of the plugin, whose engine takes thousands of instructions for an iterator or a callback: loops count. */
export class JsonStruct {
  /** Of one object, or of several under keys that differ in case. */
  readonly #members: Members;
  readonly #path: string;

  private constructor(objects: readonly JsonObject[], path: string) {
    this.#members = membersOf(objects);
    this.#path = path;
  }

  /** null is an empty struct; throws Error when the text is no JSON or no object. Errors call the struct `typeName`. */
  static parse(text: string, typeName: string): JsonStruct {
    const value = parseJson(text) ?? {};
    if (kindOf(value) !== "object")
      throw new Error(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${typeName}`);
    return new JsonStruct([value as JsonObject], typeName);
  }

  /** "" when absent. */
  string(name: string): string {
    return lastOf(this.#matches<string>(name, "string")) ?? "";
  }

  boolean(name: string): boolean | undefined {
    return this.#matches<boolean>(name, "bool").at(-1) ?? undefined;
  }

  int32(name: string): number | undefined {
    return this.#integers(name, "int32", INT32_LIMIT).at(-1) ?? undefined;
  }

  /** A 64-bit number, rounded where it is beyond 2^53; 0 when absent. */
  int(name: string): number {
    return lastOf(this.#integers(name, "int", INT64_LIMIT)) ?? 0;
  }

  /** [] when absent; null elements are "". */
  strings(name: string): string[] {
    const lists = this.#matches<unknown[]>(name, "array", "[]string").map((list) =>
      list?.map((value) => {
        if (value !== null && typeof value !== "string") throw this.#mismatch(kindOf(value), name, "string");
        return value ?? "";
      }),
    );
    return lists.at(-1) ?? [];
  }

  struct(name: string): JsonStruct | undefined {
    const values = this.#matches<JsonObject>(name, "object", "struct");
    const objects = values.slice(values.lastIndexOf(null) + 1).filter((value) => value !== null);
    return objects.length > 0 ? new JsonStruct(objects, `${this.#path}.${name}`) : undefined;
  }

  /** undefined when absent; null elements are empty structs. */
  structs(name: string): JsonStruct[] | undefined {
    const list = this.#matches<unknown[]>(name, "array", "[]struct").at(-1) ?? undefined;
    return list?.map((value) => {
      if (value !== null && kindOf(value) !== "object") throw this.#mismatch(kindOf(value), name, "struct");
      return new JsonStruct([(value ?? {}) as JsonObject], `${this.#path}.${name}`);
    });
  }

  #integers(name: string, type: string, limit: number): readonly (number | null)[] {
    return this.#matches<number>(name, "number", type).map((value) => {
      if (value === null || (Number.isInteger(value) && value >= -limit && value < limit)) return value;
      throw this.#mismatch(`number ${value}`, name, type);
    });
  }

  /** What all matching keys hold, in their order. */
  #matches<T>(name: string, kind: string, type = kind): readonly (T | null)[] {
    const values = this.#members[name.toLowerCase()];
    if (values === undefined) return NONE;
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== null && kindOf(values[i]) !== kind)
        throw this.#mismatch(kindOf(values[i]), name, type);
    }
    return values as (T | null)[];
  }

  #mismatch(kind: string, name: string, type: string): Error {
    return new Error(
      `json: cannot unmarshal ${kind} into Go struct field ${this.#path}.${name} of type ${type}`,
    );
  }
}

function membersOf(objects: readonly JsonObject[]): Members {
  const members = Object.create(null) as Members;
  for (let i = 0; i < objects.length; i++) {
    const keys = Object.keys(objects[i]!);
    for (let k = 0; k < keys.length; k++) {
      const folded = keys[k]!.toLowerCase();
      const value = objects[i]![keys[k]!];
      if (members[folded] === undefined) members[folded] = [value];
      else members[folded].push(value);
    }
  }
  return members;
}

/** null leaves what was there before it. */
function lastOf<T>(values: readonly (T | null)[]): T | undefined {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i] as T;
  return undefined;
}

/** What Go calls a JSON value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
