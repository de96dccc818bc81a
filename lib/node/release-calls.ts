// SPDX-License-Identifier: Apache-2.0
import { sameAddress } from "../ip/address.ts";
import { describePool, type PoolRef } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import type { Attachment, Calls } from "./call.ts";
import type { CallScope } from "./call-scope.ts";
import type { PoolEntry } from "./pool-table.ts";

export function isAllocated({ read, table }: CallScope, request: Calls["isAllocated"]["request"]): null {
  for (const pool of request.pools) {
    const entry = table.find(pool);
    if (entry === undefined || !read.holds(entry.id, request.attachment))
      throw new RpcError(Code.NotFound, `reservation for ${describePool(pool)} not found`);
  }
  return null;
}

/** What is not there, or a pool that nobody knows, is no error: DEL is repeated until it succeeds. */
export function deallocate(scope: CallScope, request: Calls["deallocate"]["request"]): number {
  const entries = request.pools.map((pool) => scope.table.find(pool)).filter((entry) => entry !== undefined);
  return entries.filter((entry) => release(scope, entry, request.attachment)).length;
}

/** Releases what is recorded under the network and not among its live attachments. */
export function collectGarbage(scope: CallScope, request: Calls["collectGarbage"]["request"]): number {
  if (request.networkName === "") return 0; // recorded without a network: nobody's to release
  const alive = new Set(request.valid.map(attachmentKey));
  const entries = new Map(scope.table.list().map((entry) => [entry.id, entry]));
  const recorded = scope.read.listByNetwork(request.networkName, request.beganAtMs);
  return recorded.filter(({ poolId, attachment }) => {
    const entry = entries.get(poolId);
    return entry !== undefined && !alive.has(attachmentKey(attachment)) && release(scope, entry, attachment);
  }).length;
}

/** The address guards against releasing another reservation that took the named one's place. */
export function releaseReservations(
  scope: CallScope,
  request: Calls["releaseReservations"]["request"],
): number {
  return request.filter(({ pool, attachment, address }) => {
    const entry = scope.table.find(pool);
    if (entry === undefined) return false;
    const held = scope.read.findAddress(entry.id, attachment);
    return held !== undefined && sameAddress(held, address) && release(scope, entry, attachment);
  }).length;
}

function release(scope: CallScope, entry: PoolEntry, attachment: Attachment): boolean {
  const address = scope.tx.release(entry.id, attachment);
  if (address === undefined) return false;
  scope.onSuccess(() => {
    entry.served?.free.giveBack(address);
    entry.used--;
  });
  forgetIfUnused(scope, entry.id, entry.ref);
  return true;
}

/** A pool without share and without reservations is forgotten, its round-robin position too. */
export function forgetIfUnused({ tx, table, onSuccess }: CallScope, poolId: number, ref: PoolRef): void {
  if (tx.forgetPool(poolId)) onSuccess(() => table.forget(ref));
}

function attachmentKey({ containerId, interfaceName }: Attachment): string {
  return JSON.stringify([containerId, interfaceName]);
}
