// SPDX-License-Identifier: Apache-2.0
// The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: codes of one length are consecutive numbers, and
// longer codes are greater. So the symbols in the order of their codes and the number of codes of each length say all.
import { latin1 } from "./bytes.ts";

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
const SHORTEST = 5;
/** How many codes have each length. */
const COUNTS: readonly number[] = [
  0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 4,
];
/** The first code of each length, and the place of its symbol. */
const { codes: FIRST_CODE, symbols: FIRST_SYMBOL } = firstOfEachLength();

function firstOfEachLength(): { readonly codes: readonly number[]; readonly symbols: readonly number[] } {
  const codes: number[] = [];
  const symbols: number[] = [];
  let code = 0;
  let symbol = 0;
  for (const count of COUNTS) {
    code *= 2;
    codes.push(code);
    symbols.push(symbol);
    code += count;
    symbol += count;
  }
  return { codes, symbols };
}

/** The string in bytes[start, end), one character for each byte; undefined when it is malformed. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const endBit = (end - start) * 8;
  // Ones after the end, so that what is left of the last byte looks like the padding that it should be.
  const padded = new Uint8Array(end - start + 5).fill(0xff);
  padded.set(bytes.subarray(start, end));
  const symbols = new Uint8Array(Math.floor(endBit / SHORTEST));
  let count = 0;
  for (let bit = 0; bit < endBit; ) {
    const window = bitsAt(padded, bit);
    let length = SHORTEST;
    let place = (window >>> (32 - length)) - FIRST_CODE[length]!;
    while (place >= COUNTS[length]!) place = (window >>> (32 - ++length)) - FIRST_CODE[length]!;
    if (length > endBit - bit) return isPadding(window, endBit - bit) ? latin1(symbols, 0, count) : undefined;
    const symbol = FIRST_SYMBOL[length]! + place;
    if (symbol >= SYMBOLS.length) return undefined;
    symbols[count++] = SYMBOLS.charCodeAt(symbol);
    bit += length;
  }
  return latin1(symbols, 0, count);
}

/** 32 bits from this one on; four more bytes must be there. */
function bitsAt(bytes: Uint8Array, bit: number): number {
  const at = bit >>> 3;
  const shift = bit & 7;
  const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return ((word << shift) | (bytes[at + 4]! >>> (8 - shift))) >>> 0;
}

/** What is left after the last symbol has fewer than 8 bits, all ones. */
function isPadding(window: number, bits: number): boolean {
  return bits < 8 && window >>> (32 - bits) === (1 << bits) - 1;
}
