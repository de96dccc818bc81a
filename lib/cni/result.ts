// SPDX-License-Identifier: Apache-2.0
import { type Address, type Family, formatAddress, parseAddress } from "../ip/address.ts";
import {
  formatCidr,
  formatSubnet,
  type InterfaceAddress,
  parseCidr,
  parseSubnet,
  type Subnet,
} from "../ip/subnet.ts";
import type { AllocateResponse, AllocationInfo } from "../rpc/messages.ts";
import { type CniVersion, isAtLeast } from "./version.ts";

type Assignment = {
  readonly address: InterfaceAddress;
  readonly gateway?: Address;
  readonly destinations: readonly Subnet[];
};

/** The result document of ADD in the caller's version; throws Error when the daemon's answer makes no sense. */
export function formatResult(response: AllocateResponse, version: CniVersion): string {
  const assignments = response.allocations.map(parseAllocation);
  if (assignments.length === 0) throw unexpected("there is no allocation in it");
  const body = isAtLeast(version, "0.3.0") ? toList(assignments, version) : toFamilies(assignments);
  return JSON.stringify({ cniVersion: version, ...body }, undefined, 4);
}

function parseAllocation({ ip, gateway, routes }: AllocationInfo): Assignment {
  if (ip === "") throw unexpected("IP can't be empty");
  const address = parseCidr(ip);
  if (address === undefined) throw unexpected(`unexpected IP address format, received value: ${ip}`);
  if (gateway === "") return { address, destinations: [] }; // a route has no next hop then
  const parsed = parseAddress(gateway);
  if (parsed === undefined) throw unexpected(`unexpected Gateway address format, received value: ${gateway}`);
  const destinations = routes.map(({ dest }) => {
    const subnet = parseSubnet(dest);
    const why = `unexpected Route destination format, received value: ${dest}, error: invalid CIDR address: ${dest}`;
    if (subnet === undefined) throw unexpected(why);
    return subnet;
  });
  return { address, gateway: parsed, destinations };
}

/** CNI 0.3.0 and later; the family of each address is written below 1.0.0. */
function toList(assignments: readonly Assignment[], version: CniVersion): object {
  const withFamily = !isAtLeast(version, "1.0.0");
  const ips = assignments.map(({ address, gateway }) => ({
    ...(withFamily && { version: String(address.address.family) }),
    address: formatCidr(address),
    ...(gateway && { gateway: formatAddress(gateway) }),
  }));
  const routes = assignments.flatMap((assignment) => formatRoutes(assignment));
  return { ips, ...(routes.length > 0 && { routes }), ...(withFamily && { dns: {} }) };
}

/** CNI 0.1.0 and 0.2.0 know one address of each family, with that family's routes. */
function toFamilies(assignments: readonly Assignment[]): object {
  const families: { [key: string]: object } = {};
  for (const [key, family] of [
    ["ip4", 4],
    ["ip6", 6],
  ] as const) {
    const first = assignments.find(({ address }) => address.address.family === family);
    if (first === undefined) continue;
    const routes = assignments.flatMap((assignment) => formatRoutes(assignment, family));
    families[key] = {
      ip: formatCidr(first.address),
      ...(first.gateway && { gateway: formatAddress(first.gateway) }),
      ...(routes.length > 0 && { routes }),
    };
  }
  return { ...families, dns: {} };
}

function formatRoutes({ gateway, destinations }: Assignment, family?: Family): { dst: string; gw: string }[] {
  if (gateway === undefined) return [];
  const gw = formatAddress(gateway);
  return destinations
    .filter((subnet) => family === undefined || subnet.family === family)
    .map((subnet) => ({ dst: formatSubnet(subnet), gw }));
}

function unexpected(why: string): Error {
  return new Error(`unexpected response from IPAM daemon: ${why}`);
}
