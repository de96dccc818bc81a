// SPDX-License-Identifier: Apache-2.0
// Reads untrusted JSON-like values into typed ones; what has the wrong type is reported with its path and left out.
import { findNearest } from "./nearest.ts";
import type { Problem } from "./pool.ts";

/** Where a value stands and where its problems go. */
export type Place = {
  /** As "spec.exclusions[0]"; "" for the whole document. */
  readonly field: string;
  readonly problems: Problem[];
  /** Whether fields nobody knows are problems. */
  readonly strict: boolean;
};

/** Gives undefined when the value is not what it should be, having reported it. Never sees null or undefined. */
export type Reader<T> = (value: unknown, place: Place) => T | undefined;

/** What a reader of a shape gives; a field that is absent, null or wrong is absent. */
export type Fields<S extends Shape> = {
  readonly [K in keyof S]?: S[K] extends Reader<infer T> ? T : never;
};
type Shape = Readonly<Record<string, Reader<unknown>>>;

export const text: Reader<string> = (value, place) => {
  if (typeof value === "string") return value;
  return reject(
    place,
    isScalar(value) ? `must be text: write "${value}" in quotes` : `must be text, not ${nameOf(value)}`,
  );
};

export const flag: Reader<boolean> = (value, place) => {
  if (typeof value === "boolean") return value;
  const bare =
    value === "true" || value === "false" ? `: write ${value} without quotes` : `, not ${nameOf(value)}`;
  return reject(place, `must be true or false${bare}`);
};

/** A whole number that JSON carries exactly. */
export const wholeNumber: Reader<number> = (value, place) => {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "string" && /^-?(0|[1-9]\d*)$/.test(value)) {
    return reject(place, `must be a number: write ${value} without quotes`);
  }
  if (typeof value === "string" && /^[-+]?0\d+$/.test(value)) {
    return reject(place, `must be a number without leading zeros, not ${value}`);
  }
  const large = typeof value === "number" && Number.isInteger(value);
  const bound = large ? ` between -${Number.MAX_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}` : "";
  return reject(place, `must be a whole number${bound}, not ${nameOf(value)}`);
};

/** A whole number as wide as the field in Go. */
export const int32: Reader<number> = (value, place) => {
  const number = wholeNumber(value, place);
  if (number === undefined || number === (number | 0)) return number;
  return reject(place, `must be between -2147483648 and 2147483647, not ${number}`);
};

/** `instead` stands for an item of the wrong type, so that the others keep their index. */
export function list<T>(item: Reader<T>, instead: T): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return reject(place, `must be a list, not ${nameOf(value)}`);
    return value.map((entry, i) => {
      const at = { ...place, field: `${place.field}[${i}]` };
      return (isAbsent(entry) ? reject(at, "must not be null") : item(entry, at)) ?? instead;
    });
  };
}

/** An object with text values, as labels. */
export const textMap: Reader<Readonly<Record<string, string>>> = (value, place) => {
  if (!isObject(value)) return reject(place, `must be an object, not ${nameOf(value)}`);
  const entries = Object.entries(value).map(([key, entry]) => {
    return [key, text(entry, { ...place, field: `${place.field}[${JSON.stringify(key)}]` }) ?? ""];
  });
  return Object.fromEntries(entries);
};

/** Any value, not looked at. */
export const anything: Reader<unknown> = (value) => value;

/**
 * An object with the fields of `shape`; `required` ones must be there and not null. `open`: it may have more fields, unless
 * they are spelled like one of the shape.
 */
export function object<S extends Shape>(
  shape: S,
  required: readonly (keyof S & string)[] = [],
  { open = false } = {},
): Reader<Fields<S>> {
  return (value, place) => {
    if (!isObject(value)) return reject(place, `must be an object, not ${nameOf(value)}`);
    const read: Record<string, unknown> = {};
    for (const [name, reader] of Object.entries(shape)) {
      const at = { ...place, field: join(place.field, name) };
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      const result = isAbsent(given) ? undefined : reader(given, at);
      if (result !== undefined) read[name] = result;
      if (isAbsent(given) && required.includes(name)) reject(at, "is required");
    }
    if (place.strict) reportUnknown(value, Object.keys(shape), { ...place, open });
    return read as Fields<S>;
  };
}

/** Neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reportUnknown(
  value: object,
  known: readonly string[],
  { open, ...place }: Place & { readonly open: boolean },
): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const nearest = findNearest(name, known);
    if (open && nearest === undefined) continue;
    const hint = nearest === undefined ? `known are ${known.join(", ")}` : `did you mean "${nearest}"?`;
    reject({ ...place, field: join(place.field, name) }, `unknown field, ${hint}`);
  }
}

function reject(place: Place, message: string): undefined {
  place.problems.push({ field: place.field, message });
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isScalar(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

/** How messages name a value: scalars as JSON, larger ones, which may hold themselves, as what they are. */
export function nameOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  return JSON.stringify(value) ?? typeof value;
}
