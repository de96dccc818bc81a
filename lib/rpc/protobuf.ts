// SPDX-License-Identifier: Apache-2.0
// The part of the protobuf wire format that proto/ needs, small enough for the plugin: varints and length-delimited
// fields (protobuf.dev, "Encoding"). A message is declared as a table of fields; its TypeScript type follows from it.
import { decodeValidUtf8, encodeUtf8 } from "./utf8.ts";

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** One field of a message; T is what it holds in TypeScript. */
export type Field<T> = {
  readonly number: number;
  readonly wireType: number;
  /** What an absent field holds. */
  readonly initial: () => T;
  readonly write: (writer: Writer, value: T) => void;
  /** Reads one occurrence; `value` is what earlier occurrences left. */
  readonly read: (reader: Reader, value: T) => T;
};

export type MessageType<T> = {
  /** Fields that are left out are absent on the wire. */
  encode(value: Partial<T>): Uint8Array<ArrayBuffer>;
  /** Unknown fields are skipped; throws Error when the bytes are no such message. */
  decode(bytes: Uint8Array): T;
};

/** The TypeScript shape of a message. */
export type Shape<M> = M extends MessageType<infer T> ? T : never;

export function message<T>(fields: { readonly [K in keyof T]: Field<T[K]> }): MessageType<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    encode(value) {
      const writer = new Writer();
      for (const name of names) {
        const held = value[name];
        if (held !== undefined) fields[name].write(writer, held as T[keyof T]);
      }
      return Uint8Array.from(writer.bytes);
    },
    decode(bytes) {
      const value = {} as T;
      for (const name of names) value[name] = fields[name].initial();
      const reader = new Reader(bytes);
      while (!reader.done) {
        const { number, wireType } = reader.tag();
        const name = names.find(
          (known) => fields[known].number === number && fields[known].wireType === wireType,
        );
        if (name === undefined) reader.skip(wireType);
        else value[name] = fields[name].read(reader, value[name]);
      }
      return value;
    },
  };
}

export function string(number: number): Field<string> {
  return delimited(number, (text) => text !== "", encodeUtf8, readString, "");
}

export function strings(number: number): Field<string[]> {
  return repeated(number, encodeUtf8, readString);
}

export function bool(number: number): Field<boolean> {
  return {
    number,
    wireType: VARINT,
    initial: () => false,
    write: (writer, value) => value && writer.varintField(number, 1),
    read: (reader) => reader.int64() !== 0,
  };
}

export function int32(number: number): Field<number> {
  return {
    ...presentInt32(number),
    initial: () => 0,
    write: (writer, value) => value !== 0 && writer.varintField(number, value),
  };
}

/** An int32 with explicit presence: undefined when absent. */
export function optionalInt32(number: number): Field<number | undefined> {
  return {
    ...presentInt32(number),
    initial: () => undefined,
    write: (writer, value) => value !== undefined && writer.varintField(number, value),
  };
}

/** Numbers beyond ±2^53 lose their low digits: times and counts only. */
export function int64(number: number): Field<number> {
  return {
    number,
    wireType: VARINT,
    initial: () => 0,
    write: (writer, value) => value !== 0 && writer.varintField(number, value),
    read: (reader) => reader.int64(),
  };
}

/** A message inside; undefined when absent. */
export function embedded<T>(number: number, type: MessageType<T>): Field<T | undefined> {
  return delimited<T | undefined>(
    number,
    (value) => value !== undefined,
    (value) => type.encode(value as Partial<T>),
    (bytes) => type.decode(bytes),
    undefined,
  );
}

export function repeatedMessage<T>(number: number, type: MessageType<T>): Field<T[]> {
  return repeated(
    number,
    (value) => type.encode(value as Partial<T>),
    (bytes) => type.decode(bytes),
  );
}

function presentInt32(number: number): {
  number: number;
  wireType: number;
  read: (reader: Reader) => number;
} {
  return { number, wireType: VARINT, read: (reader) => reader.int64() | 0 };
}

function delimited<T>(
  number: number,
  present: (value: T) => boolean,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  absent: T,
): Field<T> {
  return {
    number,
    wireType: DELIMITED,
    initial: () => absent,
    write: (writer, value) => present(value) && writer.delimitedField(number, encode(value)),
    read: (reader) => decode(reader.delimited()),
  };
}

function repeated<T>(
  number: number,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
): Field<T[]> {
  return {
    number,
    wireType: DELIMITED,
    initial: () => [],
    write: (writer, values) => {
      for (const value of values) writer.delimitedField(number, encode(value));
    },
    read: (reader, values) => {
      values.push(decode(reader.delimited()));
      return values;
    },
  };
}

function readString(bytes: Uint8Array): string {
  const text = decodeValidUtf8(bytes);
  if (text === undefined) throw new Error("string field contains invalid UTF-8");
  return text;
}

class Writer {
  readonly bytes: number[] = [];

  /** `value` is a whole number; negative ones take ten bytes, as int32 and int64 do. */
  varintField(number: number, value: number): void {
    this.#varint((number << 3) | VARINT);
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  delimitedField(number: number, payload: Uint8Array): void {
    this.#varint((number << 3) | DELIMITED);
    this.#varint(payload.length);
    for (const byte of payload) this.bytes.push(byte);
  }

  #varint(value: number): void {
    while (value > 0x7f) {
      this.bytes.push((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.bytes.push(value);
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.bytes.push(Number(rest & 0x7fn) | 0x80);
    this.bytes.push(Number(rest));
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #pos = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#pos >= this.#bytes.length;
  }

  tag(): { number: number; wireType: number } {
    const [low] = this.#varint();
    if (low >>> 3 === 0) throw new Error("protobuf: illegal field number");
    return { number: low >>> 3, wireType: low & 7 };
  }

  int64(): number {
    const [low, high] = this.#varint();
    return (high | 0) * 0x100000000 + low;
  }

  delimited(): Uint8Array {
    const [length, high] = this.#varint();
    const start = this.#pos;
    this.#advance(high === 0 ? length : Number.POSITIVE_INFINITY);
    return this.#bytes.subarray(start, this.#pos);
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === DELIMITED) this.delimited();
    else if (wireType === FIXED64) this.#advance(8);
    else if (wireType === FIXED32) this.#advance(4);
    else throw new Error("protobuf: unsupported wire type");
  }

  #advance(length: number): void {
    if (length > this.#bytes.length - this.#pos) throw new Error("protobuf: truncated field");
    this.#pos += length;
  }

  /** The low and the high 32 bits. */
  #varint(): [low: number, high: number] {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70 && !this.done; shift += 7) {
      const byte = this.#bytes[this.#pos++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return [low >>> 0, high >>> 0];
    }
    throw new Error("protobuf: malformed varint");
  }
}
