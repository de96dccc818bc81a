// SPDX-License-Identifier: Apache-2.0
import type { IpamHandlers } from "../rpc/handlers.ts";
import { type Desk, GARBAGE_AT_ONCE } from "./call.ts";
import { findingInfo, poolInfo, reservationInfo, toAllocateResponse } from "./service-answers.ts";
import {
  parseFilter,
  parseGarbageRequest,
  parsePageRequest,
  parseReleases,
} from "./service-debug-requests.ts";
import { parseAllocate, parseAttachment, parsePools, type RequestRules } from "./service-requests.ts";

export type ServiceOptions = RequestRules & {
  readonly desk: Desk;
  readonly nodeName: string;
};

/** IPAMService over the store: reads each request into a call, and the call's answer into a response. */
export function createService({ desk, nodeName, requirePod }: ServiceOptions): IpamHandlers {
  const rules: RequestRules = { requirePod };
  return {
    async allocate(request, { signal }) {
      const call = parseAllocate(request, rules);
      return toAllocateResponse(call, await desk.call("allocate", call, signal));
    },
    async isAllocated(request, { signal }) {
      await desk.call("isAllocated", parseAttachment(request, rules), signal);
      return {};
    },
    async deallocate(request, { signal }) {
      await desk.call("deallocate", parseAttachment(request, rules), signal);
      return {};
    },
    async checkPools(request, { signal }) {
      const pools = parsePools(request.pools, request.poolType);
      const problems = await desk.call("checkPools", { pools }, signal);
      return { problems: problems.map(({ pool, reason }) => ({ pool: pool.name, reason })) };
    },
    async collectGarbage(request, { signal }) {
      const call = parseGarbageRequest(request);
      let released = 0;
      for (let some = GARBAGE_AT_ONCE; some === GARBAGE_AT_ONCE; released += some) {
        some = await desk.call("collectGarbage", call, signal);
      }
      return { released };
    },
    async listPools(_request, { signal }) {
      return { pools: (await desk.call("listPools", null, signal)).map(poolInfo), nodeName };
    },
    async listReservations(request, { signal }) {
      const call = { filter: parseFilter(request), ...parsePageRequest(request) };
      const { reservations, next } = await desk.call("listReservations", call, signal);
      return { reservations: reservations.map(reservationInfo), nextPageToken: next ?? "" };
    },
    async releaseReservations(request, { signal }) {
      return { released: await desk.call("releaseReservations", parseReleases(request), signal) };
    },
    async checkStore(_request, { signal }) {
      return { findings: (await desk.call("checkStore", null, signal)).map(findingInfo) };
    },
  };
}
