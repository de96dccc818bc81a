// SPDX-License-Identifier: Apache-2.0
import { sameAddress } from "../ip/address.ts";
import { describePool, type PoolRef } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import { type Attachment, type Calls, GARBAGE_AT_ONCE } from "./call.ts";
import type { CallScope } from "./call-scope.ts";
import type { PoolEntry, PoolTable } from "./pool-table.ts";
import { ownerOf } from "./recovered-container.ts";

/** Throws NotFound, naming the first pool that the attachment has nothing in; whether a pool is still served does not matter. */
export function isAllocated({ read, table }: CallScope, request: Calls["isAllocated"]["request"]): null {
  const attachments = attachmentsOf(table, request);
  for (const pool of request.pools) {
    const entry = table.find(pool);
    if (entry === undefined || !attachments.some((attachment) => read.holds(entry.id, attachment)))
      throw new RpcError(Code.NotFound, `reservation for ${describePool(pool)} not found`);
  }
  return null;
}

/**
 * Gives how many were released. What is not there, or a pool that nobody knows, is no error: DEL is repeated until it
 * succeeds.
 */
export function deallocate(scope: CallScope, request: Calls["deallocate"]["request"]): number {
  const entries = request.pools.map((pool) => scope.table.find(pool)).filter((entry) => entry !== undefined);
  const attachments = attachmentsOf(scope.table, request);
  return releaseAll(
    scope,
    entries.flatMap((entry) => attachments.map((attachment) => ({ entry, attachment }))),
  );
}

/** The caller's own, and those that a recovery may have given it. */
function attachmentsOf(
  { recovered: all }: PoolTable,
  { attachment, podUid = "" }: Calls["deallocate"]["request"],
): Attachment[] {
  const { containerId, interfaceName } = attachment;
  const recovered = all.namesOf(containerId, podUid);
  return [attachment, ...recovered.map((other) => ({ containerId: other, interfaceName }))];
}

/** Releases what is recorded under the network and not among its live attachments, GARBAGE_AT_ONCE at most. */
export function collectGarbage(scope: CallScope, request: Calls["collectGarbage"]["request"]): number {
  if (request.networkName === "") return 0; // recorded without a network: nobody's to release
  const alive = new Set(request.valid.map(attachmentKey));
  const entries = new Map(scope.table.list().map((entry) => [entry.id, entry]));
  const dead = scope.read
    .listByNetwork(request.networkName, request.beganAtMs)
    .filter(({ attachment }) => !alive.has(ownerKey(attachment)))
    .map(({ poolId, attachment }) => ({ entry: entries.get(poolId), attachment }));
  return releaseAll(scope, dead.slice(0, GARBAGE_AT_ONCE));
}

/** Address and time guard against releasing another reservation that took the named one's place. */
export function releaseReservations(
  scope: CallScope,
  request: Calls["releaseReservations"]["request"],
): number {
  const meant = request.map(({ pool, attachment, address, createdAtMs }) => {
    const entry = scope.table.find(pool);
    const held = entry && scope.read.findHeld(entry.id, attachment);
    const same =
      held !== undefined &&
      sameAddress(held.address, address) &&
      (createdAtMs === undefined || createdAtMs === held.createdAtMs);
    return { entry: same ? entry : undefined, attachment };
  });
  return releaseAll(scope, meant);
}

type Target = { readonly entry: PoolEntry | undefined; readonly attachment: Attachment };

/** How many there were; pools that nothing is left of are forgotten. */
function releaseAll(scope: CallScope, targets: readonly Target[]): number {
  const touched = new Set<PoolEntry>();
  let released = 0;
  for (const { entry, attachment } of targets) {
    if (entry === undefined || !release(scope, entry, attachment)) continue;
    touched.add(entry);
    released++;
  }
  for (const { id, ref, served, brokenShare } of touched)
    if (served === undefined && brokenShare === undefined) forgetIfUnused(scope, id, ref);
  return released;
}

function release(scope: CallScope, entry: PoolEntry, attachment: Attachment): boolean {
  const address = scope.tx.release(entry.id, attachment);
  if (address === undefined) return false;
  scope.onSuccess(() => {
    entry.served?.free.giveBack(address);
    entry.used--;
  });
  return true;
}

/** A pool without share and without reservations is forgotten, its round-robin position too. */
export function forgetIfUnused({ tx, table, onSuccess }: CallScope, poolId: number, ref: PoolRef): void {
  if (tx.forgetPool(poolId)) onSuccess(() => table.forget(ref));
}

/** What a recovery keeps for a living container is alive as well. */
function ownerKey({ containerId, interfaceName }: Attachment): string {
  return attachmentKey({ containerId: ownerOf(containerId), interfaceName });
}

function attachmentKey({ containerId, interfaceName }: Attachment): string {
  return `${containerId.length} ${containerId}${interfaceName}`;
}
