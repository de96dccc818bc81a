// SPDX-License-Identifier: Apache-2.0
// What CNI GC and the debug commands send, read into calls; every function throws InvalidArgument.
import { type Address, parseAddress } from "../ip/address.ts";
import type {
  CollectGarbageRequest,
  ListReservationsRequest,
  ReleaseReservationsRequest,
} from "../rpc/messages.ts";
import type { Calls, ReservationFilter } from "./call.ts";
import { invalid, parsePoolType } from "./service-requests.ts";

const PAGE_DEFAULT = 1000;
/** About 1.5 MB on the wire; with very long texts pages are shorter, see readPage. */
const PAGE_MAX = 5000;

/** Throws InvalidArgument: without a network or a moment nothing may be released, so a request that lacks one is a mistake. */
export function parseGarbageRequest(request: CollectGarbageRequest): Calls["collectGarbage"]["request"] {
  const { networkName, beganAtMs, validAttachments } = request;
  if (networkName === "") throw invalid("network_name is required field");
  if (beganAtMs <= 0) throw invalid("began_at_ms is required field");
  const valid = validAttachments.map(({ cniContainerid, cniIfname }) => ({
    containerId: cniContainerid,
    interfaceName: cniIfname,
  }));
  return { networkName, beganAtMs, valid };
}

/** What a reservation must have to be listed; no field: all are. Throws InvalidArgument for no address and no type of pool. */
export function parseFilter(request: ListReservationsRequest): ReservationFilter {
  const { pool, poolType, address } = request;
  return {
    ...given("poolName", poolType === 0 ? pool : ""),
    ...(pool !== "" &&
      poolType !== 0 && { pool: { type: parsePoolType(poolType, "pool_type"), name: pool } }),
    ...given("containerId", request.cniContainerid),
    ...given("podName", request.k8sPodName),
    ...given("podNamespace", request.k8sPodNamespace),
    ...given("networkName", request.networkName),
    ...(address !== "" && { address: parseGivenAddress(address, "address") }),
  };
}

/**
 * How many reservations a page may have, and after which one it begins. Throws InvalidArgument for a negative size; whether
 * the token is one is seen when the page is read.
 */
export function parsePageRequest(request: ListReservationsRequest): { limit: number; after?: string } {
  const { pageSize, pageToken } = request;
  if (pageSize < 0) throw invalid(`page_size ${pageSize} is negative`);
  const limit = pageSize === 0 ? PAGE_DEFAULT : Math.min(pageSize, PAGE_MAX);
  return pageToken === "" ? { limit } : { limit, after: pageToken };
}

/** Which reservations are meant, in the order of the request. Throws InvalidArgument, naming the first field that is wrong. */
export function parseReleases(request: ReleaseReservationsRequest): Calls["releaseReservations"]["request"] {
  return request.reservations.map((one, i) => ({
    pool: { type: parsePoolType(one.poolType, `reservations[${i}].pool_type`), name: one.pool },
    attachment: { containerId: one.cniContainerid, interfaceName: one.cniIfname },
    address: parseGivenAddress(one.address, `reservations[${i}].address`),
  }));
}

function parseGivenAddress(text: string, field: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw invalid(`${field} "${text}" is no IP address`);
  return address;
}

/** An empty text is no filter. */
function given<K extends string>(name: K, value: string): { [P in K]?: string } {
  return value === "" ? {} : ({ [name]: value } as { [P in K]: string });
}
