// SPDX-License-Identifier: Apache-2.0
import { ADDRESS_BITS } from "../ip/address.ts";
import { formatSubnet, type Subnet } from "../ip/subnet.ts";
import { gatewayAt } from "./gateway.ts";
import type { CIDRPoolResource } from "./manifest.ts";
import type { CIDRPoolSpec } from "./manifest-shape.ts";
import type { CIDRPool } from "./pool.ts";
import type { Report } from "./report.ts";
import { readNetwork } from "./validate-address.ts";
import { readSettings } from "./validate-settings.ts";
import { readStaticAllocations } from "./validate-static.ts";

/** The pool as far as it can be read; what is wrong with it goes to `report`. */
export function readCIDRPool(
  { name, namespace, spec }: CIDRPoolResource,
  report: Report,
): CIDRPool | undefined {
  const cidr = readNetwork(spec.cidr, (message) => report("spec.cidr", message));
  const prefixLength = readPrefixLength(spec, cidr, report);
  const nodePrefix = cidr && prefixLength !== undefined ? { ...cidr, prefixLength } : undefined;
  const gatewayIndex = readGatewayIndex(spec, nodePrefix, report);
  const hostBits = nodePrefix && ADDRESS_BITS[nodePrefix.family] - nodePrefix.prefixLength;
  const settings = readSettings(
    spec,
    {
      network: cidr,
      blockSize: hostBits === undefined ? undefined : 1n << BigInt(hostBits),
      gateway: { field: "spec.gatewayIndex", given: spec.gatewayIndex !== undefined },
    },
    report,
  );
  const staticAllocations = readStaticAllocations(spec, { cidr, prefixLength }, report);
  if (cidr === undefined || prefixLength === undefined) return undefined;
  return {
    type: "cidrpool",
    name,
    namespace,
    cidr,
    perNodeNetworkPrefix: prefixLength,
    ...(gatewayIndex !== undefined && { gatewayIndex }),
    staticAllocations,
    ...settings,
  };
}

function readPrefixLength(
  { perNodeNetworkPrefix: given }: CIDRPoolSpec,
  cidr: Subnet | undefined,
  report: Report,
): number | undefined {
  if (given === undefined) return undefined;
  const least = Math.max(1, cidr?.prefixLength ?? 1);
  const most = ADDRESS_BITS[cidr?.family ?? 6];
  if (least <= given && given <= most) return given;
  const bounds = cidr === undefined ? "" : `, as the cidr is ${formatSubnet(cidr)}`;
  report("spec.perNodeNetworkPrefix", `${given} must be between ${least} and ${most}${bounds}`);
  return undefined;
}

function readGatewayIndex(
  { gatewayIndex: index }: CIDRPoolSpec,
  nodePrefix: Subnet | undefined,
  report: Report,
): bigint | undefined {
  if (index === undefined) return undefined;
  const field = "spec.gatewayIndex";
  if (index < 0) report(field, `${index} must not be negative`);
  else if (nodePrefix !== undefined && gatewayAt(nodePrefix, BigInt(index)) === undefined) {
    report(field, `${index} is no usable address of a /${nodePrefix.prefixLength}`);
  }
  return BigInt(index);
}
