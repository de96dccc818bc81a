// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import type { Logger } from "../log/log.ts";
import { type PoolRef, poolKey } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { RpcError, toRpcError } from "../rpc/error.ts";
import type { Calls, Desk, Metadata } from "./call.ts";
import { exhaustedMessage } from "./exhausted.ts";

export type ClusterDeskOptions = {
  readonly desk: Desk;
  /** Why a pool's share may be an old one, or is not known yet; undefined: it is what the API has. */
  readonly staleReason: (pool: PoolRef) => string | undefined;
  /** Told after the caller has its answer. */
  readonly exhausted: (pool: PoolRef, metadata: Metadata) => void;
  readonly log: Logger;
};

type Request = Calls["allocate"]["request"];

/**
 * The store as the service sees it on Kubernetes: the same answers, with the reason where a pool is not known yet. What
 * is given from an old share is logged, and a pod that gets nothing is told of.
 */
export function createClusterDesk(options: ClusterDeskOptions): Desk {
  const { desk } = options;
  return {
    async call(name, request, caller) {
      if (name !== "allocate") return desk.call(name, request, caller);
      try {
        const answer = await desk.call(name, request, caller);
        noteStale(answer as Calls["allocate"]["answer"], options);
        return answer;
      } catch (error) {
        throw explain(toRpcError(error), request as Request, options);
      }
    },
  };
}

function noteStale(answer: Calls["allocate"]["answer"], { staleReason, log }: ClusterDeskOptions): void {
  for (const { pool, address } of answer) {
    const reason = staleReason(pool);
    if (reason === undefined) continue;
    log.warn("address given from the last good share", {
      pool: poolKey(pool),
      address: formatAddress(address),
      reason,
    });
  }
}

function explain(error: RpcError, { pools, metadata }: Request, options: ClusterDeskOptions): RpcError {
  const empty = pools.find((pool) => error.message === exhaustedMessage(pool));
  if (error.code === Code.ResourceExhausted && empty !== undefined)
    setImmediate(() => options.exhausted(empty, metadata));
  if (error.code !== Code.Unavailable) return error;
  const reason = pools.map(options.staleReason).find((why) => why !== undefined);
  if (reason === undefined) return error;
  return new RpcError(error.code, `${error.message}: ${reason}`, { cause: error });
}
