// SPDX-License-Identifier: Apache-2.0
import { formatSubnet, type Subnet, subnetContains } from "../ip/subnet.ts";
import type { CIDRPoolSpec } from "./manifest-shape.ts";
import type { StaticAllocation } from "./pool.ts";
import type { Report } from "./report.ts";
import { readAddressOf, readNetwork } from "./validate-address.ts";

/** What prefixes are judged by; undefined where the field that says it is itself wrong. */
type Parent = { readonly cidr: Subnet | undefined; readonly prefixLength: number | undefined };

/**
 * The allocations whose prefix can be read, in the order of the spec and with its spelling; what is wrong with any of them
 * goes to `report`.
 */
export function readStaticAllocations(
  { staticAllocations = [] }: CIDRPoolSpec,
  parent: Parent,
  report: Report,
): StaticAllocation[] {
  const nodes = new Map<string, number>();
  const prefixes = new Map<string, number>();
  return staticAllocations.flatMap(({ nodeName, prefix: written, gateway }, i) => {
    const field = `spec.staticAllocations[${i}]`;
    if (nodeName) reportRepeated(nodes, nodeName, { field: `${field}.nodeName`, index: i }, report);
    const prefix = readNetwork(written, (message) => report(`${field}.prefix`, message));
    if (prefix !== undefined) {
      reportRepeated(prefixes, formatSubnet(prefix), { field: `${field}.prefix`, index: i }, report);
      reportOutside(prefix, parent, (message) => report(`${field}.prefix`, message));
    }
    const address = readAddressOf(prefix, gateway || undefined, (message) =>
      report(`${field}.gateway`, message),
    );
    if (prefix === undefined || written === undefined) return [];
    return {
      prefix,
      ...(nodeName && { nodeName }),
      ...(address && { gateway: address }),
      written: { prefix: written, gateway: gateway ?? "" },
    };
  });
}

function reportOutside(
  prefix: Subnet,
  { cidr, prefixLength }: Parent,
  report: (message: string) => void,
): void {
  const text = formatSubnet(prefix);
  if (cidr !== undefined && prefix.family !== cidr.family) {
    report(`${text} is IPv${prefix.family}, the pool is IPv${cidr.family}`);
  } else if (cidr !== undefined && !subnetContains(cidr, { family: prefix.family, value: prefix.base })) {
    report(`${text} is not inside ${formatSubnet(cidr)}`);
  }
  if (prefixLength !== undefined && prefix.prefixLength !== prefixLength) {
    report(`${text} must have the length of perNodeNetworkPrefix, ${prefixLength}`);
  }
}

/** A node or prefix may have one entry; the later one is reported. */
function reportRepeated(
  seen: Map<string, number>,
  key: string,
  { field, index }: { readonly field: string; readonly index: number },
  report: Report,
): void {
  const before = seen.get(key);
  if (before === undefined) seen.set(key, index);
  else report(field, `${key} is already in spec.staticAllocations[${before}]`);
}
