// SPDX-License-Identifier: Apache-2.0
// Protobuf's wire format on its way in.
import { WireType } from "./protobuf-octets.ts";
import { decodeValidUtf8 } from "./utf8.ts";

/** Each method throws Error when the bytes end too early or are malformed. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The upper 32 bits of the varint read last. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The place of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** Of a field: its number, shifted left by 3, and its wire type. */
  key(): number {
    const low = this.#varint();
    if (low >>> 3 === 0) throw new Error("protobuf: illegal field number");
    return low;
  }

  int64(): number {
    const low = this.#varint();
    return (this.#high | 0) * 0x100000000 + low;
  }

  text(): string {
    const end = this.delimited();
    const text = decodeValidUtf8(this.#bytes, this.#at, end);
    if (text === undefined) throw new Error("string field contains invalid UTF-8");
    this.#at = end;
    return text;
  }

  /** Begins a delimited field: where its content, which comes next, ends. */
  delimited(): number {
    const length = this.#varint();
    return this.#placeAfter(this.#high === 0 ? length : Number.POSITIVE_INFINITY);
  }

  skip(wireType: number): void {
    if (wireType === WireType.varint) this.#varint();
    else if (wireType === WireType.delimited) this.#at = this.delimited();
    else if (wireType === WireType.fixed64) this.#at = this.#placeAfter(8);
    else if (wireType === WireType.fixed32) this.#at = this.#placeAfter(4);
    else throw new Error("protobuf: unsupported wire type");
  }

  #placeAfter(length: number): number {
    if (length > this.#bytes.length - this.#at) throw new Error("protobuf: truncated field");
    return this.#at + length;
  }

  /** The lower 32 bits. */
  #varint(): number {
    let low = 0;
    this.#high = 0;
    for (let shift = 0; shift < 70 && this.#at < this.#bytes.length; shift += 7) {
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        this.#high |= bits >>> 4;
      } else this.#high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#high >>>= 0;
        return low >>> 0;
      }
    }
    throw new Error("protobuf: malformed varint");
  }
}
