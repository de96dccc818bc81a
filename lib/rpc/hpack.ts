// SPDX-License-Identifier: Apache-2.0
// HPACK (RFC 7541): the decoder whole, the encoder as far as a short request needs it.
import { latin1 } from "./bytes.ts";
import { parseEntry, staticEntries } from "./hpack-static-table.ts";
import { Http2Error } from "./http2-frame.ts";
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
  readonly #static = staticEntries();
  /** The newest entry first; never more than MAX_TABLE_SIZE / ENTRY_OVERHEAD. */
  readonly #table: Header[] = [];
  #tableSize = 0;
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
        if (headers.length > 0) throw new Http2Error("hpack: table size update after a header");
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
    const entry = this.#static[index - 1];
    const header = entry === undefined ? this.#table[index - 1 - this.#static.length] : parseEntry(entry);
    if (header === undefined) throw new Http2Error(`hpack: no entry ${index}`);
    return header;
  }

  #add(header: Header): void {
    this.#table.unshift(header);
    this.#tableSize += entrySize(header);
    this.#evict();
  }

  #resize(limit: number): void {
    if (limit > MAX_TABLE_SIZE) throw new Http2Error("hpack: table size over the limit");
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
    if (this.done) throw new Http2Error("hpack: truncated header block");
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
    throw new Http2Error("hpack: integer too large");
  }

  string(): string {
    const first = this.byte();
    const length = this.integer(first, 7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) throw new Http2Error("hpack: truncated string");
    this.#at = end;
    const text = first & 0x80 ? decodeHuffman(this.#bytes, start, end) : latin1(this.#bytes, start, end);
    if (text === undefined) throw new Http2Error("hpack: malformed Huffman code");
    return text;
  }
}

/** A header block of literals that are neither indexed nor Huffman-coded; characters up to U+00FF. */
export function encodeHeaders(headers: readonly Header[]): Uint8Array<ArrayBuffer> {
  const block: number[] = [];
  for (const header of headers) {
    block.push(0);
    for (const text of header) {
      pushLength(block, text.length);
      for (let i = 0; i < text.length; i++) block.push(text.charCodeAt(i));
    }
  }
  return Uint8Array.from(block);
}

function pushLength(block: number[], length: number): void {
  if (length < 0x7f) {
    block.push(length);
    return;
  }
  block.push(0x7f);
  let rest = length - 0x7f;
  for (; rest >= 0x80; rest >>>= 7) block.push((rest & 0x7f) | 0x80);
  block.push(rest);
}
