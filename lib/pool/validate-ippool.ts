// SPDX-License-Identifier: Apache-2.0
import { rangeSize } from "../ip/range.ts";
import { formatSubnet, parseSubnet, type Subnet, usableRange } from "../ip/subnet.ts";
import type { IPPoolResource } from "./manifest.ts";
import type { IPPool } from "./pool.ts";
import type { Report } from "./report.ts";
import { readAddressOf } from "./validate-address.ts";
import { readSettings } from "./validate-settings.ts";

/** The pool as far as it can be read; what is wrong with it goes to `report`. */
export function readIPPool({ name, namespace, spec }: IPPoolResource, report: Report): IPPool | undefined {
  const subnet = spec.subnet === undefined ? undefined : parseSubnet(spec.subnet);
  if (subnet === undefined && spec.subnet !== undefined) {
    report("spec.subnet", `"${spec.subnet}" is not a network as ADDRESS/LENGTH`);
  }
  const blockSize = readBlockSize(spec.perNodeBlockSize, subnet, report);
  // An empty gateway is none, as in Go.
  const gateway = readAddressOf(subnet, spec.gateway || undefined, (message) =>
    report("spec.gateway", message),
  );
  const context = { network: subnet, blockSize, gateway: { field: "spec.gateway", given: !!spec.gateway } };
  const settings = readSettings(spec, context, report);
  if (subnet === undefined || blockSize === undefined) return undefined;
  return {
    type: "ippool",
    name,
    namespace,
    subnet,
    perNodeBlockSize: blockSize,
    ...(gateway && { gateway }),
    ...settings,
  };
}

function readBlockSize(
  given: number | undefined,
  subnet: Subnet | undefined,
  report: Report,
): bigint | undefined {
  if (given === undefined) return undefined;
  const field = "spec.perNodeBlockSize";
  if (given < 1) {
    report(field, `${given} must be at least 1`);
    return undefined;
  }
  const usable = subnet && rangeSize(usableRange(subnet));
  if (subnet !== undefined && usable !== undefined && BigInt(given) > usable) {
    report(field, `${given} is more than the ${usable} usable addresses of ${formatSubnet(subnet)}`);
  }
  return BigInt(given);
}
