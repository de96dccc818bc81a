// SPDX-License-Identifier: Apache-2.0

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/g;

/** JSON as RFC 8259 has it; throws Error for anything else. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  refuseLooseJson(text);
  return value;
}

/**
 * QuickJS takes what no other reader of the same configuration does: escapes of JavaScript in a text, a number that ends in
 * its dot, and one that begins with -0 and goes on. Backslashes stand in texts only: the rest was parsed.
 */
function refuseLooseJson(text: string): void {
  const plain = text.includes("\\") ? text.replace(ESCAPE, "") : text;
  const at = plain.indexOf("\\");
  if (at >= 0) throw new Error(`invalid escape ${plain.slice(at, at + 2)} in a text`);
  if (!hasLooseDot(plain) && !plain.includes("-0")) return;
  if (/\.(?!\d)|(?<![eE])-0\d/.test(plain.replace(/"[^"]*"/g, "")))
    throw new Error("a number ends in a dot or begins with -0");
}

/** Whether a dot has a digit before it and none behind; looked for so because the engine's regular expressions are slow. */
function hasLooseDot(text: string): boolean {
  for (let at = text.indexOf("."); at >= 0; at = text.indexOf(".", at + 1)) {
    if (isDigit(text.charCodeAt(at - 1)) && !isDigit(text.charCodeAt(at + 1))) return true;
  }
  return false;
}

/** false also for the NaN outside the text. */
function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
