// SPDX-License-Identifier: Apache-2.0
// The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: codes of one length are consecutive numbers, and
// longer codes are greater. So the symbols in the order of their codes and the number of codes of each length say all.

// Each character is the byte of that number. The end-of-string symbol comes after the last one.
const SYMBOLS =
  "012aceiost %-./3456789=A_bdfghlmnpru:BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz&*,;XZ!\"()?'+|#>\x00" +
  "$@[]~^}<`{\\\xc3\xd0\x80\x82\x83\xa2\xb8\xc2\xe0\xe2\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9" +
  "\xe3\xe5\xe6\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd" +
  "\xbe\xc4\xc6\xe4\xe8\xe9\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5" +
  "\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc\xbf\xc5\xe7\xef\x09\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec" +
  "\xed\xc7\xcf\xea\xeb\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff\xcb\xcc\xd3" +
  "\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe\x02\x03\x04\x05\x06\x07\x08" +
  "\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\xdc\xf9\x0a" +
  "\x0d\x16";
/** How many codes of 5 to 8 bits there are: nearly all characters of headers have one. */
const SHORT_CODES = 74;
/** What they leave of a byte's values. */
const FIRST_LONG = 0xfe;
/** How many codes have each length from 9 bits on. */
const LONG_COUNTS: readonly number[] = [
  0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4,
];

type Code = { readonly length: number; readonly symbol: number };

/** The string in bytes[start, end), one character for each byte; undefined when it is malformed. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let window = 0; // its lower bits, `held` of them, come next
  let held = 0;
  let at = start;
  for (let left = (end - start) * 8; left > 0; ) {
    if (held < 8) {
      window = ((window << 8) | (at < end ? bytes[at]! : 0xff)) & 0xffff; // ones after the end, as the padding has
      at++;
      held += 8;
    }
    const next = (window >> (held - 8)) & 0xff;
    let length = 5;
    let symbol = next >> 3;
    if (next >= FIRST_LONG) {
      const code = findLongCode(bytes, end * 8 - left, end * 8);
      if (code === undefined) return left < 8 ? text : undefined; // what is left are ones: padding, if below a byte
      ({ length, symbol } = code);
      at = (end * 8 - left + length) >>> 3;
      held = (left - length) & 7;
      if (held > 0) window = bytes[at++]!;
      held += length;
    } else if (next >= 0xf8) {
      length = 8;
      symbol = next - 0xf8 + 68;
    } else if (next >= 0xb8) {
      length = 7;
      symbol = ((next - 0xb8) >> 1) + 36;
    } else if (next >= 0x50) {
      length = 6;
      symbol = ((next - 0x50) >> 2) + 10;
    }
    if (length > left || symbol >= SYMBOLS.length) return undefined;
    text += SYMBOLS[symbol]!;
    held -= length;
    left -= length;
  }
  return text;
}

/** The code of more than 8 bits that begins at a bit; undefined when it does not end before `endBit`. */
function findLongCode(bytes: Uint8Array, bit: number, endBit: number): Code | undefined {
  let code = 0;
  let first = FIRST_LONG; // the first code of a length
  let symbol = SHORT_CODES;
  for (let length = 1; bit + length <= endBit; length++) {
    const at = bit + length - 1;
    code = code * 2 + ((bytes[at >>> 3]! >> (7 - (at & 7))) & 1);
    if (length <= 8) continue;
    const count = LONG_COUNTS[length - 9]!;
    first *= 2;
    if (code - first < count) return { length, symbol: symbol + code - first };
    first += count;
    symbol += count;
  }
  return undefined;
}
