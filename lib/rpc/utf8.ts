// SPDX-License-Identifier: Apache-2.0
// UTF-8 (RFC 3629) in plain TypeScript: the plugin's engine has no TextEncoder.

const REPLACEMENT = 0xfffd;
/** The first byte of a sequence by how many bytes follow it. */
const LEAD = [0, 0xc0, 0xe0, 0xf0];

/** Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point >= 0xd800 && point <= 0xdfff) {
      const next = point < 0xdc00 ? text.charCodeAt(i + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
        i++;
      } else {
        point = REPLACEMENT;
      }
    }
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    bytes[at++] = LEAD[more]! | (point >> (6 * more));
    for (let k = more - 1; k >= 0; k--) bytes[at++] = 0x80 | ((point >> (6 * k)) & 0x3f);
  }
  return bytes.slice(0, at);
}

/** Each byte that cannot be part of a sequence becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decode(bytes, REPLACEMENT) as string;
}

/** undefined when the bytes are not UTF-8. */
export function decodeValidUtf8(bytes: Uint8Array): string | undefined {
  return decode(bytes, undefined);
}

function decode(bytes: Uint8Array, replacement: number | undefined): string | undefined {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i++]!;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    let point = first >= 0xc2 && first <= 0xf4 ? first & (0x3f >> more) : -1;
    let end = i;
    for (let k = 0; k < more && point >= 0; k++, end++) {
      const next = end < bytes.length ? bytes[end]! : 0;
      point = (next & 0xc0) === 0x80 ? (point << 6) | (next & 0x3f) : -1;
    }
    const overlong = point < (more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      if (replacement === undefined) return undefined;
      text += String.fromCharCode(replacement);
    } else {
      text += String.fromCodePoint(point);
      i = end;
    }
  }
  return text;
}
