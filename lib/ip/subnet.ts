// SPDX-License-Identifier: Apache-2.0
import { ADDRESS_BITS, type Address, type Family, formatAddress, parseAddress } from "./address.ts";
import type { Range } from "./range.ts";

/** A network: `base` has no host bits set. */
export type Subnet = { readonly family: Family; readonly base: bigint; readonly prefixLength: number };

/** An address with the prefix length of its network, as "192.168.0.11/16". */
export type InterfaceAddress = { readonly address: Address; readonly prefixLength: number };

/** Reads "ADDRESS/LENGTH", host bits and, as in Go, zeros before the length allowed; undefined when the text is none. */
export function parseCidr(text: string): InterfaceAddress | undefined {
  const slash = text.indexOf("/");
  if (slash < 0 || !/^0*\d{1,3}$/.test(text.slice(slash + 1))) return undefined;
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const written = Number(text.slice(slash + 1));
  // An IPv4-mapped address counts its prefix length over 128 bits; a network wider than all IPv4 is none of ours.
  const prefixLength = address.family === 4 && text.includes(":") ? written - 96 : written;
  if (prefixLength < 0 || prefixLength > ADDRESS_BITS[address.family]) return undefined;
  return { address, prefixLength };
}

export function formatCidr({ address, prefixLength }: InterfaceAddress): string {
  return `${formatAddress(address)}/${prefixLength}`;
}

/** The network an interface address lies in. */
export function networkOf({ address, prefixLength }: InterfaceAddress): Subnet {
  const hostBits = BigInt(ADDRESS_BITS[address.family] - prefixLength);
  return { family: address.family, base: (address.value >> hostBits) << hostBits, prefixLength };
}

/** Reads a network, host bits cut off; undefined when the text is none. */
export function parseSubnet(text: string): Subnet | undefined {
  const cidr = parseCidr(text);
  return cidr && networkOf(cidr);
}

export function formatSubnet({ family, base, prefixLength }: Subnet): string {
  return `${formatAddress({ family, value: base })}/${prefixLength}`;
}

/** How many addresses a network has. */
export function subnetSize({ family, prefixLength }: Subnet): bigint {
  return 1n << BigInt(ADDRESS_BITS[family] - prefixLength);
}

/** The whole network, network and broadcast address included. */
export function subnetRange(subnet: Subnet): Range {
  return { family: subnet.family, first: subnet.base, last: subnet.base + subnetSize(subnet) - 1n };
}

/**
 * The addresses that hosts may have: without the network address, in IPv4 without the broadcast address; all of them in
 * /31 and /127 (RFC 3021, RFC 6164), /32 and /128.
 */
export function usableRange(subnet: Subnet): Range {
  const { family, first, last } = subnetRange(subnet);
  if (ADDRESS_BITS[family] - subnet.prefixLength <= 1) return { family, first, last };
  return { family, first: first + 1n, last: family === 4 ? last - 1n : last };
}

export function subnetContains(subnet: Subnet, address: Address): boolean {
  if (subnet.family !== address.family) return false;
  const hostBits = BigInt(ADDRESS_BITS[subnet.family] - subnet.prefixLength);
  return address.value >> hostBits === subnet.base >> hostBits;
}

export function sameSubnet(a: Subnet, b: Subnet): boolean {
  return a.family === b.family && a.base === b.base && a.prefixLength === b.prefixLength;
}
