// SPDX-License-Identifier: Apache-2.0
import { allocate } from "./allocate-call.ts";
import type { CallName, Calls } from "./call.ts";
import type { CallScope } from "./call-scope.ts";
import { checkPools, listPools } from "./pool-states.ts";
import { collectGarbage, deallocate, isAllocated, releaseReservations } from "./release-calls.ts";
import { setShares } from "./share-update.ts";
import { checkStore } from "./store-check.ts";
import type { QueuedCall } from "./thread-messages.ts";

type Performers = {
  readonly [N in CallName]: (scope: CallScope, request: Calls[N]["request"]) => Calls[N]["answer"];
};

const PERFORMERS: Performers = {
  allocate,
  isAllocated,
  deallocate,
  collectGarbage,
  checkPools: ({ table }, request) => checkPools(table, request),
  setShares,
  listPools: ({ table }) => listPools(table),
  listReservations: ({ read }, request) => read.listReservations(request),
  releaseReservations,
  checkStore: ({ read, table }) => checkStore(read, table),
  exportToGo: ({ read }) => read.exportToGo(),
};

/** Whether the call may be refused when it has written something already. Most are not, and cost no savepoint. */
export function canEndHalfway(call: QueuedCall): boolean {
  if (call.name !== "allocate") return call.name === "setShares";
  return call.request.pools.length > 1 || call.request.requestedIps.length > 0;
}

/** Does what a call asks for; throws RpcError for what is wrong with the call, anything else for what failed here. */
export function perform<N extends CallName>(scope: CallScope, call: QueuedCall<N>): Calls[N]["answer"] {
  return PERFORMERS[call.name](scope, call.request);
}
