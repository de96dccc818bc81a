// SPDX-License-Identifier: Apache-2.0
// Fields of protobuf's wire format (protobuf.dev, "Encoding") on their way out, as octets.

export const WireType = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** `value` is a whole number; negative ones take ten bytes, as int32 and int64 do. */
export function integerField(number: number, value: number): string {
  return varint((number << 3) | WireType.varint) + (value < 0 ? negative(value) : varint(value));
}

export function delimitedField(number: number, content: string): string {
  return varint((number << 3) | WireType.delimited) + varint(content.length) + content;
}

function varint(value: number): string {
  if (value < 0x80) return String.fromCharCode(value);
  return String.fromCharCode((value % 0x80) | 0x80) + varint(Math.floor(value / 0x80));
}

function negative(value: number): string {
  let octets = "";
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) octets += String.fromCharCode(Number(rest & 0x7fn) | 0x80);
  return octets + String.fromCharCode(Number(rest));
}
