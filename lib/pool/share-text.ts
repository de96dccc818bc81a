// SPDX-License-Identifier: Apache-2.0
// A share as text, in the words of the configuration that the Go daemon keeps beside each pool and reservation.
import { type Address, type Family, formatAddress, parseAddress } from "../ip/address.ts";
import { clampRanges, type Range } from "../ip/range.ts";
import { formatSubnet, parseSubnet, type Subnet } from "../ip/subnet.ts";
import { isObject } from "./fields.ts";
import { type PoolRef, poolKey } from "./pool.ts";
import type { Share } from "./share.ts";

type Fields = Readonly<Record<string, unknown>>;

/** JSON with the fields, and in their order, of Go's snapshots; the same share always gives the same text. */
export function encodeShare({ subnet, range, gateway, exclusions, routes, defaultGateway }: Share): string {
  return JSON.stringify({
    subnet: formatSubnet(subnet),
    ...formatRange(range),
    gateway: gateway === undefined ? "" : formatAddress(gateway),
    exclusions: exclusions.map(formatRange),
    routes: routes.map((route) => ({ dst: formatSubnet(route) })),
    defaultGateway,
  });
}

/**
 * Reads what encodeShare or a Go daemon wrote: there exclusions reach beyond the range and overlap, and older ones have
 * neither routes nor defaultGateway. Throws an Error that names pool and field.
 */
export function decodeShare(pool: PoolRef, text: string): Share {
  const fail = (what: string): never => {
    throw new Error(`the stored share of ${poolKey(pool)} cannot be read: ${what}`);
  };
  const fields = parseFields(text) ?? fail("it is not a JSON object");
  const subnet = readWith(parseSubnet, fields.subnet) ?? fail(`subnet ${show(fields.subnet)}`);
  const range =
    readRange(fields, subnet.family) ?? fail("startIP and endIP are no range of the subnet's family");
  const gateway = fields.gateway ? readWith(parseAddress, fields.gateway) : undefined;
  if (fields.gateway && gateway?.family !== subnet.family) fail(`gateway ${show(fields.gateway)}`);
  const exclusions =
    readList(fields.exclusions, (item) => readRange(item, subnet.family)) ?? fail("exclusions");
  const routes = readList(fields.routes, ({ dst }) => readWith(parseSubnet, dst)) ?? fail("routes");
  return {
    pool: { type: pool.type, name: pool.name },
    subnet,
    range,
    ...(gateway && { gateway }),
    exclusions: clampRanges(range, exclusions),
    routes,
    defaultGateway: fields.defaultGateway === true,
  };
}

function formatRange({ family, first, last }: Range): { startIP: string; endIP: string } {
  return {
    startIP: formatAddress({ family, value: first }),
    endIP: formatAddress({ family, value: last }),
  };
}

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // the caller says what it is the text of; JSON's own message has nothing to add
  }
}

function readWith<T extends Address | Subnet>(
  parse: (text: string) => T | undefined,
  value: unknown,
): T | undefined {
  return typeof value === "string" ? parse(value) : undefined;
}

function readRange({ startIP, endIP }: Fields, family: Family): Range | undefined {
  const start = readWith(parseAddress, startIP);
  const end = readWith(parseAddress, endIP);
  if (start?.family !== family || end?.family !== family || start.value > end.value) return undefined;
  return { family, first: start.value, last: end.value };
}

/** undefined when one item is not readable; an absent list is empty. */
function readList<T>(value: unknown, read: (item: Fields) => T | undefined): T[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item) => read(isObject(item) ? item : {}));
  return items.some((item) => item === undefined) ? undefined : (items as T[]);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "missing";
}
