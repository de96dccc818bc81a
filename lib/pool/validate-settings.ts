// SPDX-License-Identifier: Apache-2.0
// What IPPools and CIDRPools have in common.
import type { Range } from "../ip/range.ts";
import { parseSubnet, type Subnet } from "../ip/subnet.ts";
import type { WrittenSettings } from "./manifest-shape.ts";
import type { IndexRange } from "./pool.ts";
import type { Report } from "./report.ts";
import type { NodeSelector } from "./selector.ts";
import { readAddressOf } from "./validate-address.ts";
import { readSelector } from "./validate-selector.ts";

export type Settings = {
  readonly exclusions: readonly Range[];
  readonly perNodeExclusions: readonly IndexRange[];
  readonly nodeSelector?: NodeSelector;
  readonly defaultGateway: boolean;
  readonly routes: readonly Subnet[];
};

/** What the shared settings are judged by; undefined where the field that says it is itself wrong. */
export type SettingsContext = {
  readonly network: Subnet | undefined;
  /** Addresses in a node's block. */
  readonly blockSize: bigint | undefined;
  /** The field that gives the pool its gateway, and whether it is there. */
  readonly gateway: { readonly field: string; readonly given: boolean };
};

/**
 * The settings as far as they can be read: what cannot is left out, what is wrong goes to `report` under its field in spec.
 * A pool of them is valid only if nothing was reported.
 */
export function readSettings(spec: WrittenSettings, context: SettingsContext, report: Report): Settings {
  const { defaultGateway = false, nodeSelector } = spec;
  reportGatewayNeeds(spec, context, report);
  const selector = nodeSelector && readSelector(nodeSelector, report);
  return {
    exclusions: readExclusions(spec, context.network, report),
    perNodeExclusions: readIndexExclusions(spec, context.blockSize, report),
    ...(selector && { nodeSelector: selector }),
    defaultGateway,
    routes: readRoutes(spec, context.network, report),
  };
}

function readExclusions(
  { exclusions = [] }: WrittenSettings,
  network: Subnet | undefined,
  report: Report,
): Range[] {
  return exclusions.flatMap(({ startIP, endIP }, i) => {
    const field = `spec.exclusions[${i}]`;
    const start = readAddressOf(network, startIP, (message) => report(`${field}.startIP`, message));
    const end = readAddressOf(network, endIP, (message) => report(`${field}.endIP`, message));
    if (start === undefined || end === undefined) return [];
    if (start.family === end.family && start.value <= end.value) {
      return [{ family: start.family, first: start.value, last: end.value }];
    }
    report(`${field}.endIP`, `${endIP} must not come before startIP ${startIP}`);
    return [];
  });
}

function readIndexExclusions(
  { perNodeExclusions = [] }: WrittenSettings,
  blockSize: bigint | undefined,
  report: Report,
): IndexRange[] {
  return perNodeExclusions.flatMap(({ startIndex, endIndex }, i) => {
    const field = `spec.perNodeExclusions[${i}]`;
    for (const [name, index] of Object.entries({ startIndex, endIndex })) {
      if (index === undefined) continue;
      if (index < 0) report(`${field}.${name}`, `${index} must not be negative`);
      else if (blockSize !== undefined && BigInt(index) >= blockSize) {
        report(`${field}.${name}`, `${index} is beyond the last index of a node's block, ${blockSize - 1n}`);
      }
    }
    if (startIndex === undefined || endIndex === undefined) return [];
    if (endIndex < startIndex)
      report(`${field}.endIndex`, `${endIndex} must not be below startIndex ${startIndex}`);
    return [{ startIndex: BigInt(startIndex), endIndex: BigInt(endIndex) }];
  });
}

function readRoutes(
  { routes = [], defaultGateway }: WrittenSettings,
  network: Subnet | undefined,
  report: Report,
): Subnet[] {
  return routes.flatMap(({ dst }, i) => {
    if (dst === undefined) return [];
    const field = `spec.routes[${i}].dst`;
    const route = parseSubnet(dst);
    if (route === undefined) {
      report(field, `"${dst}" is not a network as ADDRESS/LENGTH`);
      return [];
    }
    if (network !== undefined && route.family !== network.family) {
      report(field, `${dst} is IPv${route.family}, the pool is IPv${network.family}`);
    }
    if (defaultGateway === true && route.prefixLength === 0) {
      report(field, `${dst} is the default route, which defaultGateway: true gives already`);
    }
    return [route];
  });
}

function reportGatewayNeeds(
  { defaultGateway, routes = [] }: WrittenSettings,
  { gateway }: SettingsContext,
  report: Report,
): void {
  if (gateway.given) return;
  if (defaultGateway === true) report("spec.defaultGateway", `needs ${gateway.field}`);
  if (routes.length > 0) report("spec.routes", `need ${gateway.field}`);
}
