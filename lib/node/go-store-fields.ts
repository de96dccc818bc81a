// SPDX-License-Identifier: Apache-2.0
import { GoStoreError } from "./go-store-error.ts";
import type { JsonObject, JsonValue } from "./go-store-json.ts";

/** The members of one object, taken one by one: each must be there and be what it should, and no other may be left. */
export class GoFields {
  readonly #members: Map<string, JsonValue>;
  readonly #where: string;

  /** `where`: of what the object is, for messages; "" is the whole store. Throws GoStoreError when it is no object. */
  constructor(value: JsonValue, where: string) {
    this.#where = where === "" ? "" : ` of ${where}`;
    if (!isObject(value)) throw new GoStoreError(`cannot be relied on: ${where || "it"} is no object`);
    this.#members = new Map(value);
  }

  take(name: string): JsonValue {
    const value = this.#members.get(name);
    if (value === undefined) this.#refuse(name, "is missing");
    this.#members.delete(name);
    return value;
  }

  text(name: string): string {
    const value = this.take(name);
    return typeof value === "string" ? value : this.#refuse(name, "is no text");
  }

  /** undefined when it is absent or null. */
  optionalText(name: string): string | undefined {
    const value = this.#members.get(name) ?? null;
    if (value !== null) return this.text(name);
    this.#members.delete(name);
    return undefined;
  }

  /** undefined when it is null, as Go writes a map that nothing was put into. */
  object(name: string): JsonObject | undefined {
    const value = this.take(name);
    if (value === null) return undefined;
    return isObject(value) ? value : this.#refuse(name, "is no object");
  }

  /** Everything must have been taken: what is not known would be lost. */
  end(): void {
    for (const name of this.#members.keys()) this.#refuse(name, "is not known");
  }

  #refuse(name: string, what: string): never {
    throw new GoStoreError(`cannot be relied on: ${JSON.stringify(name)}${this.#where} ${what}`);
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}
