// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
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
    async allocate(request, caller) {
      const call = parseAllocate(request, rules);
      return toAllocateResponse(call, await desk.call("allocate", call, caller));
    },
    async isAllocated(request, caller) {
      await desk.call("isAllocated", parseAttachment(request, rules), caller);
      return {};
    },
    async deallocate(request, caller) {
      await desk.call("deallocate", parseAttachment(request, rules), caller);
      return {};
    },
    async checkPools(request, caller) {
      const pools = parsePools(request.pools, request.poolType);
      const problems = await desk.call("checkPools", { pools }, caller);
      return { problems: problems.map(({ pool, reason }) => ({ pool: pool.name, reason })) };
    },
    async collectGarbage(request, caller) {
      const call = parseGarbageRequest(request);
      let released = 0;
      for (let some = GARBAGE_AT_ONCE; some === GARBAGE_AT_ONCE; released += some) {
        some = await desk.call("collectGarbage", call, caller);
      }
      return { released };
    },
    async listPools(_request, caller) {
      return { pools: (await desk.call("listPools", null, caller)).map(poolInfo), nodeName };
    },
    async listReservations(request, caller) {
      const call = { filter: parseFilter(request), ...parsePageRequest(request) };
      const { reservations, next } = await desk.call("listReservations", call, caller);
      return { reservations: reservations.map(reservationInfo), nextPageToken: next ?? "" };
    },
    async releaseReservations(request, caller) {
      return { released: await desk.call("releaseReservations", parseReleases(request), caller) };
    },
    async checkStore(_request, caller) {
      return { findings: (await desk.call("checkStore", null, caller)).map(findingInfo) };
    },
    async exportStore({ format }, caller) {
      if (format !== "go")
        throw new RpcError(Code.InvalidArgument, 'format is invalid: "go" is the one known');
      return { content: await desk.call("exportToGo", null, caller) };
    },
  };
}
