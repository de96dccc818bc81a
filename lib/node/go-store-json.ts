// SPDX-License-Identifier: Apache-2.0
// JSON read more strictly than JSON.parse does: of a member that is there twice JSON.parse keeps the last, and a
// reservation would be lost without a word. Only what the Go daemon's store is made of is taken: no lists.

/** A number as it is written; from `start` up to `end` in the text. */
export class JsonNumber {
  readonly text: string;
  readonly start: number;
  readonly end: number;

  constructor(text: string, start: number) {
    this.text = text;
    this.start = start;
    this.end = start + text.length;
  }
}

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue = string | null | JsonNumber | JsonObject;

/** More than any store has; keeps hostile text from using up the stack. */
const MAX_DEPTH = 8;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Throws an Error that names the place, as a sentence that goes on after "it". */
export function parseStrictJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    const next = this.#peek();
    if (next === "{") return this.#object(depth);
    if (next === '"') return this.#string();
    if (this.#text.startsWith("null", this.#at)) {
      this.#at += "null".length;
      return null;
    }
    const start = this.#at;
    const number = this.#match(NUMBER);
    if (number === "") this.#refuse(next);
    return new JsonNumber(number, start);
  }

  end(): void {
    const next = this.#peek();
    if (next !== "") this.#refuse(next);
  }

  #object(depth: number): JsonObject {
    if (depth === MAX_DEPTH) throw new Error(`nests too deeply at character ${this.#at + 1}`);
    const members = new Map<string, JsonValue>();
    this.#at++;
    if (this.#peek() === "}") {
      this.#at++;
      return members;
    }
    do {
      this.#peek();
      const name = this.#string();
      if (members.has(name)) throw new Error(`has ${JSON.stringify(name)} twice in one object`);
      this.#skip(":");
      members.set(name, this.value(depth + 1));
    } while (this.#goesOn());
    return members;
  }

  /** After a member: whether another follows, else the object has ended. */
  #goesOn(): boolean {
    const next = this.#peek();
    if (next !== "," && next !== "}") this.#refuse(next);
    this.#at++;
    return next === ",";
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#refuse(this.#text[start] ?? "");
    let end = this.#text.indexOf('"', start + 1);
    while (end >= 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end < 0) this.#refuse("");
    this.#at = end + 1;
    try {
      // What is no character of its own (half of a surrogate pair) is U+FFFD, as Go reads it.
      return (JSON.parse(this.#text.slice(start, end + 1)) as string).toWellFormed();
    } catch {
      throw new Error(`has a text that is no JSON at character ${start + 1}`);
    }
  }

  #isEscaped(at: number): boolean {
    let first = at;
    while (this.#text[first - 1] === "\\") first--;
    return (at - first) % 2 === 1;
  }

  #skip(expected: string): void {
    const next = this.#peek();
    if (next !== expected) this.#refuse(next);
    this.#at++;
  }

  /** The next character that is no space; "" at the end. */
  #peek(): string {
    this.#match(SPACE);
    return this.#text[this.#at] ?? "";
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #refuse(found: string): never {
    if (found === "") throw new Error("ends too early: it was cut off");
    throw new Error(`is no JSON of a store: ${JSON.stringify(found)} at character ${this.#at + 1}`);
  }
}
