// SPDX-License-Identifier: Apache-2.0
import { codeName } from "../rpc/code.ts";
import { toRpcError } from "../rpc/error.ts";
import type { CallContext, IpamHandlers } from "../rpc/handlers.ts";

/**
 * Told of each call once its outcome is known. `method`: the name of the RPC, "Allocate"; `code`: the status by name, "OK",
 * "NotFound".
 */
export type CallMeter = { called(method: string, code: string, seconds: number): void };

type Handler<Q, R> = (request: Q, context: CallContext) => Promise<R>;

/**
 * The same handlers, each call counted and timed, from the read request to the outcome, the commit included. What counts is
 * what was done: a call whose caller goes, or whose deadline passes, while it waits for the store is Canceled; one that the
 * store has begun counts as it ends, though nobody gets the answer.
 */
export function meterHandlers(handlers: IpamHandlers, meter: CallMeter): IpamHandlers {
  const metered =
    <Q, R>(method: string, handle: Handler<Q, R>): Handler<Q, R> =>
    async (request, context) => {
      const began = performance.now();
      let code = "OK";
      try {
        return await handle(request, context);
      } catch (error) {
        code = codeName(toRpcError(error).code);
        throw error;
      } finally {
        meter.called(method, code, (performance.now() - began) / 1000);
      }
    };
  return {
    allocate: metered("Allocate", handlers.allocate),
    isAllocated: metered("IsAllocated", handlers.isAllocated),
    deallocate: metered("Deallocate", handlers.deallocate),
    checkPools: metered("CheckPools", handlers.checkPools),
    collectGarbage: metered("CollectGarbage", handlers.collectGarbage),
    listPools: metered("ListPools", handlers.listPools),
    listReservations: metered("ListReservations", handlers.listReservations),
    releaseReservations: metered("ReleaseReservations", handlers.releaseReservations),
    checkStore: metered("CheckStore", handlers.checkStore),
    exportStore: metered("ExportStore", handlers.exportStore),
  };
}
