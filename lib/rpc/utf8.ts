// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629) in plain TypeScript: the plugin's engine has no TextEncoder.
import { latin1 } from "./bytes.ts";
import { octetsToBytes } from "./octets.ts";

const REPLACEMENT = 0xfffd;

/** Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return octetsToBytes(utf8Octets(text));
}

/** As encodeUtf8, one character for each byte. */
export function utf8Octets(text: string): string {
  return unescape(encodeURIComponent(text.toWellFormed())); // together what both engines have of an encoder
}

/** Each byte that cannot be part of a sequence becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decode(bytes, 0, bytes.length, REPLACEMENT) as string;
}

/** undefined when bytes[start, end) are not UTF-8. */
export function decodeValidUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string | undefined {
  return decode(bytes, start, end, undefined);
}

function decode(
  bytes: Uint8Array,
  start: number,
  end: number,
  replacement: number | undefined,
): string | undefined {
  let text = "";
  for (let i = start; i < end; ) {
    const run = i;
    while (i < end && bytes[i]! < 0x80) i++;
    if (i > run) text += latin1(bytes, run, i);
    if (i === end) break;
    const point = readPoint(bytes, i, end);
    if (point < 0 && replacement === undefined) return undefined;
    text += String.fromCodePoint(point < 0 ? replacement! : point);
    i += point < 0 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return text;
}

/** The character that begins at `start` with a byte above 0x7f; -1 when the bytes before `end` are none. */
function readPoint(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]!;
  if (first < 0xc2 || first > 0xf4) return -1;
  const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (start + more >= end) return -1;
  let point = first & (0x3f >> more);
  for (let at = start + 1; at <= start + more; at++) {
    const next = bytes[at]!;
    if ((next & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  const isOverlong = point < (more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000);
  return isOverlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? -1 : point;
}
