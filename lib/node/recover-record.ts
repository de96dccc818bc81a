// SPDX-License-Identifier: Apache-2.0
// SQLite's records, read without SQLite (sqlite.org/fileformat2.html, section 2.1).

export type Value = null | bigint | number | string | Uint8Array;

/** A number of 1 to 9 bytes and where it ends; undefined beyond the end of the bytes. */
export function readVarint(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value = i === 8 ? (value << 8n) | BigInt(byte) : (value << 7n) | BigInt(byte & 0x7f);
    if (i === 8 || byte < 0x80) return { value: Number(BigInt.asIntN(64, value)), end: at + i + 1 };
  }
  return undefined;
}

/** The columns of a record; undefined when the bytes are none. */
export function decodeRecord(bytes: Buffer): Value[] | undefined {
  const header = readVarint(bytes, 0);
  if (header === undefined || header.value < header.end || header.value > bytes.length) return undefined;
  const values: Value[] = [];
  let at = header.value;
  for (let next = header.end; next < header.value; ) {
    const type = readVarint(bytes, next);
    if (type === undefined || type.end > header.value) return undefined;
    const length = lengthOf(type.value);
    if (length === undefined || at + length > bytes.length) return undefined;
    const value = decodeValue(type.value, bytes.subarray(at, at + length));
    if (value === undefined) return undefined;
    values.push(value);
    next = type.end;
    at += length;
  }
  return at === bytes.length ? values : undefined;
}

const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function lengthOf(type: number): number | undefined {
  if (type < 12) return LENGTHS[type];
  return (type - (type % 2) - 12) / 2;
}

function decodeValue(type: number, bytes: Buffer): Value | undefined {
  if (type === 0) return null;
  if (type === 7) return bytes.readDoubleBE(0);
  if (type === 8) return 0n;
  if (type === 9) return 1n;
  if (type < 7) return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString("hex")}`));
  if (type % 2 === 0) return Uint8Array.from(bytes);
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}
