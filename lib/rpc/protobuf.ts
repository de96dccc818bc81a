// SPDX-License-Identifier: Apache-2.0
// The part of protobuf that proto/ needs, small enough for the plugin. A message is declared as a table of fields; its
// TypeScript type follows from it. Fields are plain data, because the plugin makes its tables at every start and closures
// cost it several times as much.
import { octetsToBytes } from "./octets.ts";
import { delimitedField, integerField, WireType } from "./protobuf-octets.ts";
import { ProtobufReader } from "./protobuf-reader.ts";
import { utf8Octets } from "./utf8.ts";

type Kind = "string" | "strings" | "bool" | "int32" | "optionalInt32" | "int64" | "message" | "messages";

/** One field of a message; T is what it holds in TypeScript. */
export type Field<T> = {
  readonly number: number;
  readonly kind: Kind;
  /** Of the message or the messages inside. */
  readonly inner?: Table;
  /** Never set: for the compiler alone, which would forget T otherwise. */
  readonly holds?: T;
};

type Table = { readonly [name: string]: Field<unknown> };

type Message = { [name: string]: unknown };

/** The TypeScript shape of a message. */
export type Shape<M> = M extends MessageType<infer T> ? T : never;

export class MessageType<T> {
  readonly fields: { readonly [K in keyof T]: Field<T[K]> };

  constructor(fields: { readonly [K in keyof T]: Field<T[K]> }) {
    this.fields = fields;
  }

  /** Fields that are left out are absent on the wire. */
  encode(value: Partial<T>): Uint8Array<ArrayBuffer> {
    return octetsToBytes(this.encodeOctets(value));
  }

  /** As encode, one character for each byte. */
  encodeOctets(value: Partial<T>): string {
    return encodeMessage(this.fields, value);
  }

  /** Unknown fields are skipped; throws Error when the bytes are no such message. */
  decode(bytes: Uint8Array): T {
    return readMessage(new ProtobufReader(bytes), bytes.length, this.fields) as T;
  }
}

function encodeMessage(table: Table, message: Message): string {
  let octets = "";
  for (const name in table) {
    const value = message[name];
    if (value !== undefined) octets += encodeField(table[name]!, value);
  }
  return octets;
}

function encodeField({ number, kind, inner }: Field<unknown>, value: unknown): string {
  switch (kind) {
    case "string":
      return value === "" ? "" : delimitedField(number, utf8Octets(value as string));
    case "strings":
      return joined(value as string[], (text) => delimitedField(number, utf8Octets(text)));
    case "message":
      return delimitedField(number, encodeMessage(inner!, value as Message));
    case "messages":
      return joined(value as Message[], (message) => delimitedField(number, encodeMessage(inner!, message)));
    case "optionalInt32":
      return integerField(number, value as number);
    default:
      return value ? integerField(number, Number(value)) : "";
  }
}

function joined<T>(values: readonly T[], encode: (value: T) => string): string {
  let octets = "";
  for (const value of values) octets += encode(value);
  return octets;
}

/** The message from where the reader is to `end`. */
function readMessage(reader: ProtobufReader, end: number, table: Table): Message {
  const message: Message = {};
  const names = [""]; // by field number
  for (const name in table) {
    const { kind, number } = table[name]!;
    message[name] = initialValue(kind);
    names[number] = name;
  }
  while (reader.at < end) {
    const key = reader.key();
    const wireType = key & 7;
    const name = names[key >>> 3];
    const field = name === undefined ? undefined : table[name];
    if (name === undefined || field === undefined || wireTypeOf(field.kind) !== wireType)
      reader.skip(wireType);
    else message[name] = readField(reader, field, message[name]);
  }
  if (reader.at > end) throw new Error("protobuf: truncated field");
  return message;
}

function initialValue(kind: Kind): unknown {
  switch (kind) {
    case "string":
      return "";
    case "strings":
    case "messages":
      return [];
    case "bool":
      return false;
    case "int32":
    case "int64":
      return 0;
    default:
      return undefined;
  }
}

function wireTypeOf(kind: Kind): number {
  const isDelimited = kind === "string" || kind === "strings" || kind === "message" || kind === "messages";
  return isDelimited ? WireType.delimited : WireType.varint;
}

/** Reads one occurrence; `earlier` is what the ones before left. */
function readField(reader: ProtobufReader, { kind, inner }: Field<unknown>, earlier: unknown): unknown {
  switch (kind) {
    case "string":
      return reader.text();
    case "strings":
      (earlier as string[]).push(reader.text());
      return earlier;
    case "message":
      return readMessage(reader, reader.delimited(), inner!);
    case "messages":
      (earlier as Message[]).push(readMessage(reader, reader.delimited(), inner!));
      return earlier;
    case "bool":
      return reader.int64() !== 0;
    case "int64":
      return reader.int64();
    default:
      return reader.int64() | 0;
  }
}
