// SPDX-License-Identifier: Apache-2.0
// HPACK (RFC 7541): the decoder whole, the encoder as far as a short request needs it.
import { latin1 } from "./bytes.ts";
import { STATIC_TABLE, STATIC_TABLE_LENGTH } from "./hpack-static-table.ts";
import { ErrorCode, Http2Error } from "./http2-frame.ts";
import { decodeHuffman } from "./huffman.ts";

/** Both with one character for each byte. */
export type Header = readonly [name: string, value: string];

/** Of the dynamic table: HTTP/2's initial value, which a peer may use until it has seen our SETTINGS. */
const MAX_TABLE_SIZE = 4096;
/** What an entry counts beyond its name and value (section 4.1). */
const ENTRY_OVERHEAD = 32;

/** Decodes the header blocks of one connection, in order. */
export class HeaderDecoder {
  readonly #maxListSize: number;
  /** The newest entry first; never more than MAX_TABLE_SIZE / ENTRY_OVERHEAD. */
  readonly #table: Header[] = [];
  #tableSize = 0;
  #staticTable: readonly string[] | undefined;
  #tableLimit = MAX_TABLE_SIZE;

  /** `maxListSize`: what the headers of one block may count when decoded; references make a small block large. */
  constructor(maxListSize: number) {
    this.#maxListSize = maxListSize;
  }

  /** Throws Http2Error; the decoder is of no use then. */
  decode(block: Uint8Array): Header[] {
    const reader = new BlockReader(block);
    const headers: Header[] = [];
    let listSize = 0;
    while (!reader.done) {
      const first = reader.byte();
      if ((first & 0xe0) === 0x20) {
        if (headers.length > 0) throw malformed("table size update after a header");
        this.#resize(reader.integer(first, 5));
        continue;
      }
      const header = this.#header(reader, first);
      listSize += entrySize(header);
      if (listSize > this.#maxListSize) throw new Http2Error("header list too large");
      headers.push(header);
    }
    return headers;
  }

  #header(reader: BlockReader, first: number): Header {
    if (first & 0x80) return this.#lookUp(reader.integer(first, 7));
    const isIndexed = (first & 0x40) !== 0;
    const index = reader.integer(first, isIndexed ? 6 : 4);
    const name = index === 0 ? reader.string() : this.#lookUp(index)[0];
    const header: Header = [name, reader.string()];
    if (isIndexed) this.#add(header);
    return header;
  }

  #lookUp(index: number): Header {
    if (index > 0 && index <= STATIC_TABLE_LENGTH) return this.#lookUpStatic(index);
    const header = this.#table[index - 1 - STATIC_TABLE_LENGTH];
    if (header === undefined) throw malformed(`no entry ${index}`);
    return header;
  }

  #lookUpStatic(index: number): Header {
    this.#staticTable ??= STATIC_TABLE.split("|");
    const entry = this.#staticTable[index - 1]!;
    const split = entry.indexOf("=");
    return [entry.slice(0, split), entry.slice(split + 1)];
  }

  #add(header: Header): void {
    this.#table.unshift(header);
    this.#tableSize += entrySize(header);
    this.#evict();
  }

  #resize(limit: number): void {
    if (limit > MAX_TABLE_SIZE) throw malformed("table size over the limit");
    this.#tableLimit = limit;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableSize > this.#tableLimit) this.#tableSize -= entrySize(this.#table.pop()!);
  }
}

function entrySize([name, value]: Header): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw malformed("truncated header block");
    return this.#bytes[this.#at++]!;
  }

  /** An integer that begins in the last bits of `first` (section 5.1). */
  integer(first: number, prefixBits: number): number {
    const max = (1 << prefixBits) - 1;
    let value = first & max;
    if (value < max) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const next = this.byte();
      value += (next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    throw malformed("integer too large");
  }

  string(): string {
    const first = this.byte();
    const length = this.integer(first, 7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) throw malformed("truncated string");
    this.#at = end;
    const text = first & 0x80 ? decodeHuffman(this.#bytes, start, end) : latin1(this.#bytes, start, end);
    if (text === undefined) throw malformed("wrong Huffman code");
    return text;
  }
}

function malformed(what: string): Http2Error {
  return new Http2Error(`hpack: ${what}`, ErrorCode.compression);
}

/**
 * A dynamic table of size 0, said at the beginning of a header block: what a peer that allows less than the initial size waits
 * for (section 4.2), and all that encodeHeaders() ever needs.
 */
export const NO_TABLE = "\x20";

/** A header block of literals that are neither indexed nor Huffman-coded; octets. */
export function encodeHeaders(headers: readonly Header[]): string {
  let block = "";
  for (const [name, value] of headers) {
    block += `\x00${encodeLength(name.length)}${name}${encodeLength(value.length)}${value}`;
  }
  return block;
}

function encodeLength(length: number): string {
  if (length < 0x7f) return String.fromCharCode(length);
  let encoded = "\x7f";
  let rest = length - 0x7f;
  for (; rest >= 0x80; rest >>>= 7) encoded += String.fromCharCode((rest & 0x7f) | 0x80);
  return encoded + String.fromCharCode(rest);
}
