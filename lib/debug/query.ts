// SPDX-License-Identifier: Apache-2.0
import type { PoolType } from "../pool/pool.ts";
import type { ListReservationsRequest, Reservation } from "../rpc/messages.ts";
import { PoolTypeNumber } from "../rpc/messages.ts";
import { poolTypeName } from "./pool-type.ts";
import type { Source } from "./source.ts";

/** Which reservations are meant; what is absent matches everything. */
export type Query = {
  readonly pool?: string;
  readonly poolType?: PoolType;
  readonly address?: string;
  /** A container ID, or its beginning as tables show it. */
  readonly container?: string;
  readonly interfaceName?: string;
  readonly podName?: string;
  readonly podNamespace?: string;
  readonly network?: string;
};

const PAGE_SIZE = 2000;

// Container runtimes make sandbox IDs of 64 hex digits; only these are shown, and may be given, shortened.
const WHOLE_ID = /^[0-9a-f]{64}$/;
const SHORT_ID = /^[0-9a-f]{8,63}$/;
const SHOWN_ID_LENGTH = 13;

/** A container ID for a table on a terminal. */
export function shortenId(id: string): string {
  return WHOLE_ID.test(id) ? id.slice(0, SHOWN_ID_LENGTH) : id;
}

/** Those that match, page by page in the order of pool type, pool and address. A page may be empty. */
export async function* listMatching(source: Source, query: Query): AsyncGenerator<Reservation[]> {
  let pageToken = "";
  do {
    const page = await source.listReservations(requestOf(query, pageToken));
    yield page.reservations.filter((reservation) => matches(query, reservation));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function requestOf(query: Query, pageToken: string): ListReservationsRequest {
  const { container = "" } = query;
  return {
    pageSize: PAGE_SIZE,
    pageToken,
    pool: query.pool ?? "",
    cniContainerid: SHORT_ID.test(container) ? "" : container,
    k8sPodName: query.podName ?? "",
    k8sPodNamespace: query.podNamespace ?? "",
    poolType: query.poolType === undefined ? PoolTypeNumber.unspecified : PoolTypeNumber[query.poolType],
    address: query.address ?? "",
    networkName: query.network ?? "",
  };
}

/** The part of a query that the request has no field for. */
function matches(query: Query, { poolType, cniContainerid, cniIfname }: Reservation): boolean {
  const { container } = query;
  return (
    (query.poolType === undefined || poolTypeName(poolType) === query.poolType) &&
    (query.interfaceName === undefined || cniIfname === query.interfaceName) &&
    (container === undefined ||
      cniContainerid === container ||
      (SHORT_ID.test(container) && WHOLE_ID.test(cniContainerid) && cniContainerid.startsWith(container)))
  );
}
