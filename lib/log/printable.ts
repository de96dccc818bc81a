// SPDX-License-Identifier: Apache-2.0

// What a terminal or a line splitter would act on: C0 and C1 controls, DEL, line and paragraph separators, and the
// marks that turn the direction of text round.
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text with every character that could forge a line or steer a terminal written as a \u escape. */
export function escapeControls(text: string): string {
  return text
    .toWellFormed()
    .replace(ACTIVE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** At most so many UTF-16 units, no character cut in two; "…" stands for the rest. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…` : text;
}

/** Message and the messages of its causes, "a: b"; a cause that the message repeats already is left out. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let at: unknown = error; at !== undefined && at !== null && !seen.has(at); ) {
    seen.add(at);
    const text = at instanceof Error ? at.message || at.name : String(at);
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(": ");
}

/** The value as JSON can hold it: big integers, errors and binary data as text or numbers, anything else unchanged. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Error) return describeError(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value === "function" || typeof value === "symbol") return String(value);
  return value;
}

/** JSON on one line for any value at all; what JSON cannot hold (a cycle, a throwing getter) becomes its String(). */
export function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, plain);
  } catch (error) {
    text = JSON.stringify(`unprintable: ${describeError(error)}`);
  }
  return escapeControls(text ?? "null");
}
