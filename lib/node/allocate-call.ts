// SPDX-License-Identifier: Apache-2.0
import { type Address, formatAddress, sameAddress } from "../ip/address.ts";
import { describePool, type PoolRef } from "../pool/pool.ts";
import { Code } from "../rpc/code.ts";
import { causeText, RpcError } from "../rpc/error.ts";
import { chooseNext, chooseRequested } from "./allocator.ts";
import type { AnsweredShare, Calls } from "./call.ts";
import type { CallScope } from "./call-scope.ts";
import { exhaustedMessage } from "./exhausted.ts";
import type { PoolEntry, ServedShare } from "./pool-table.ts";
import { isSqliteError } from "./store-failure.ts";
import type { NewReservation } from "./store-transaction.ts";

type Request = Calls["allocate"]["request"];

/** The in-memory picture and the store disagree: the batch fails and the picture is made anew. */
export class PictureError extends Error {}

/** Reserves one address in each pool; the first error leaves none, because the caller's savepoint goes. */
export function allocate(scope: CallScope, request: Request): Calls["allocate"]["answer"] {
  const answers: { pool: PoolRef; address: Address; share: AnsweredShare }[] = [];
  for (const pool of request.pools) {
    const { entry, served } = getServed(scope, pool);
    const taken = answers.map(({ address }) => address);
    const requested = chooseRequested(served.share, request, taken);
    const address = requested ?? getNext(scope, { entry, served }, request);
    reserve(scope, entry, {
      poolId: entry.id,
      address,
      attachment: request.attachment,
      metadata: request.metadata,
      requested: requested !== undefined,
      createdAtMs: scope.nowMs,
    });
    answers.push({ pool, address, share: served.answered });
  }
  for (const ip of request.requestedIps) {
    if (answers.some(({ address }) => sameAddress(address, ip))) continue;
    throw new RpcError(
      Code.InvalidArgument,
      `not all requested static IPs can be allocated from the ranges available on the node, ip ${formatAddress(ip)} has no matching Pool`,
    );
  }
  return answers;
}

function getServed({ table }: CallScope, pool: PoolRef): { entry: PoolEntry; served: ServedShare } {
  const entry = table.find(pool);
  if (entry?.served !== undefined) return { entry, served: entry.served };
  const invalid = table.invalidReason(pool);
  if (invalid !== undefined)
    throw new RpcError(Code.Internal, `invalid config for ${describePool(pool)}: ${invalid}`);
  if (!table.isKnown(pool.type)) {
    throw new RpcError(
      Code.Unavailable,
      `configuration for ${describePool(pool)} is not known yet: the pools have not been read since the start`,
    );
  }
  throw new RpcError(Code.NotFound, `configuration for ${describePool(pool)} not found`);
}

function getNext(
  { read }: CallScope,
  { entry, served }: { entry: PoolEntry; served: ServedShare },
  { attachment }: Request,
): Address {
  const next = chooseNext(served.share, served.free, entry.last);
  if (next !== undefined) return next;
  if (read.holds(entry.id, attachment)) throw alreadyHeld(entry.ref);
  throw new RpcError(Code.ResourceExhausted, exhaustedMessage(entry.ref));
}

function reserve(scope: CallScope, entry: PoolEntry, reservation: NewReservation): void {
  const { address, requested } = reservation;
  const outcome = write(scope, entry, reservation);
  if (outcome === "attachment-taken") throw alreadyHeld(entry.ref);
  if (outcome === "address-taken") {
    // A row can be refused for both reasons; then the attachment's comes first.
    if (scope.read.holds(entry.id, reservation.attachment)) throw alreadyHeld(entry.ref);
    if (requested) {
      throw new RpcError(
        Code.ResourceExhausted,
        `requested IP is already reserved in the ${describePool(entry.ref)}`,
      );
    }
    throw new PictureError(`${formatAddress(address)} of ${describePool(entry.ref)} was taken for free`);
  }
  scope.onSuccess(() => {
    entry.served?.free.take(address);
    entry.used++;
    if (requested) return;
    entry.last = address;
    scope.lastGiven.set(entry.id, address);
  });
}

function write({ tx }: CallScope, { ref }: PoolEntry, reservation: NewReservation) {
  try {
    return tx.reserve(reservation);
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    throw new RpcError(
      Code.Internal,
      `failed to allocate IP address in ${describePool(ref)}: ${causeText(error)}`,
      { cause: error },
    );
  }
}

function alreadyHeld(pool: PoolRef): RpcError {
  return new RpcError(Code.AlreadyExists, `allocation already exist in the ${describePool(pool)}`);
}
