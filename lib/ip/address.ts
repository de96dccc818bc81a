// SPDX-License-Identifier: Apache-2.0
// IPv4 and IPv6 addresses as numbers. Text is read and written as Go's net package does it, because results, pool status
// and messages are compared with what Go programs print (RFC 5952; no leading zeros in IPv4).

export type Family = 4 | 6;

/** An address: its family and its bits as an unsigned number (32 or 128 bits wide). */
export type Address = { readonly family: Family; readonly value: bigint };

/** How many bits an address has. */
export const ADDRESS_BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

const IPV4_MAPPED = 0xffffn; // ::ffff:a.b.c.d, RFC 4291 section 2.5.5.2
const GROUPS = 8;

/** Reads an address; an IPv4-mapped IPv6 address is the IPv4 address. undefined when the text is none; zones are none. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const value = parseIPv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseIPv6(text);
  if (value === undefined) return undefined;
  return value >> 32n === IPV4_MAPPED ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

/** The canonical text: dotted quads, or lower-case groups with the first longest run of zero groups as "::". */
export function formatAddress({ family, value }: Address): string {
  return family === 4 ? formatIPv4(value) : formatIPv6(value);
}

/** Network byte order, 4 or 16 bytes: compares as the numbers do. */
export function addressToBytes({ family, value }: Address): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ADDRESS_BITS[family] / 8);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

/** The reverse of addressToBytes; throws RangeError when there are not 4 or 16 bytes. */
export function addressFromBytes(bytes: Uint8Array): Address {
  if (bytes.length !== 4 && bytes.length !== 16)
    throw new RangeError(`an address has no ${bytes.length} bytes`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return { family: bytes.length === 4 ? 4 : 6, value };
}

/** Negative, zero or positive: IPv4 before IPv6, then by number. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
}

function parseIPv6(text: string): bigint | undefined {
  const gap = text.indexOf("::");
  if (gap < 0) {
    const groups = parseGroups(text, true);
    return groups?.length === GROUPS ? fromGroups(groups) : undefined;
  }
  const head = parseGroups(text.slice(0, gap), false);
  const tail = parseGroups(text.slice(gap + 2), true);
  if (head === undefined || tail === undefined || head.length + tail.length >= GROUPS) return undefined;
  return fromGroups([...head, ...new Array<number>(GROUPS - head.length - tail.length).fill(0), ...tail]);
}

/** 16-bit groups; the last one may be an IPv4 address, which makes two groups, where that may end the address. */
function parseGroups(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (mayEndInIPv4 && i === parts.length - 1 && part.includes(".")) {
      const embedded = parseIPv4(part);
      if (embedded === undefined) return undefined;
      groups.push(Number(embedded >> 16n), Number(embedded & 0xffffn));
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function fromGroups(groups: readonly number[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function formatIPv4(value: bigint): string {
  const bits = Number(value);
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function formatIPv6(value: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  let gap = -1;
  let gapLength = 1; // RFC 5952 section 4.2.2: a single zero group is written out
  for (let i = 0; i < GROUPS; i++) {
    let end = i;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - i > gapLength) [gap, gapLength] = [i, end - i];
    if (end > i) i = end;
  }
  const hex = groups.map((group) => group.toString(16));
  return gap < 0 ? hex.join(":") : `${hex.slice(0, gap).join(":")}::${hex.slice(gap + gapLength).join(":")}`;
}
