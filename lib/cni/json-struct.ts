// SPDX-License-Identifier: Apache-2.0
// JSON objects read as Go's encoding/json fills a struct, because configurations were written against that: keys match
// whatever their case, the last match wins, null leaves a field as it is, and a value of another type is an error.

type JsonObject = { readonly [key: string]: unknown };

const INT32_LIMIT = 0x80000000;
const INT64_LIMIT = 0x8000000000000000;

export class JsonStruct {
  readonly #members: JsonObject;
  readonly #path: string;

  private constructor(members: JsonObject, path: string) {
    this.#members = members;
    this.#path = path;
  }

  /** null is an empty struct; throws Error when the text is no JSON or no object. */
  static parse(text: string): JsonStruct {
    const value: unknown = JSON.parse(text) ?? {};
    if (kindOf(value) !== "object")
      throw new Error(`json: cannot unmarshal ${kindOf(value)} into Go value of type NetConf`);
    return new JsonStruct(value as JsonObject, "NetConf");
  }

  /** "" when absent. */
  string(name: string): string {
    return this.#get<string>(name, "string") ?? "";
  }

  boolean(name: string): boolean | undefined {
    return this.#get<boolean>(name, "bool");
  }

  int32(name: string): number | undefined {
    return this.#integer(name, "int32", INT32_LIMIT);
  }

  /** A 64-bit number, rounded where it is beyond 2^53. */
  int(name: string): number | undefined {
    return this.#integer(name, "int", INT64_LIMIT);
  }

  /** [] when absent; null elements are "". */
  strings(name: string): string[] {
    const values = this.#get<unknown[]>(name, "array", "[]string") ?? [];
    return values.map((value) => {
      if (value !== null && typeof value !== "string") throw this.#mismatch(kindOf(value), name, "string");
      return value ?? "";
    });
  }

  struct(name: string): JsonStruct | undefined {
    const value = this.#get<JsonObject>(name, "object", "struct");
    return value && new JsonStruct(value, `${this.#path}.${name}`);
  }

  /** undefined when absent; null elements are empty structs. */
  structs(name: string): JsonStruct[] | undefined {
    return this.#get<unknown[]>(name, "array", "[]struct")?.map((value) => {
      if (value !== null && kindOf(value) !== "object") throw this.#mismatch(kindOf(value), name, "struct");
      return new JsonStruct((value ?? {}) as JsonObject, `${this.#path}.${name}`);
    });
  }

  #integer(name: string, type: string, limit: number): number | undefined {
    const value = this.#get<number>(name, "number", type);
    if (value === undefined || (Number.isInteger(value) && value >= -limit && value < limit)) return value;
    throw this.#mismatch(`number ${value}`, name, type);
  }

  #get<T>(name: string, kind: string, type = kind): T | undefined {
    const folded = name.toLowerCase();
    let found: unknown;
    for (const key of Object.keys(this.#members)) {
      const matches = key.length === name.length && key.toLowerCase() === folded;
      if (matches && this.#members[key] !== null) found = this.#members[key];
    }
    if (found !== undefined && kindOf(found) !== kind) throw this.#mismatch(kindOf(found), name, type);
    return found as T | undefined;
  }

  #mismatch(kind: string, name: string, type: string): Error {
    return new Error(
      `json: cannot unmarshal ${kind} into Go struct field ${this.#path}.${name} of type ${type}`,
    );
  }
}

/** What Go calls a JSON value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
