// SPDX-License-Identifier: Apache-2.0
// How a batch crosses from thread to thread: as one flat list. Structured clone pays for every object and every key, which
// for the calls that pods wait for is more than what it pays for their content.
import type { Address } from "../ip/address.ts";
import type { PoolRef, PoolType } from "../pool/pool.ts";
import type { AnsweredShare, Attachment, Calls, Metadata } from "./call.ts";
import type { CallOutcome, PackedCalls, PackedOutcomes, QueuedCall } from "./thread-messages.ts";

/** Reads a packed list from its start; whoever reads knows what comes. */
class Unpacking {
  readonly #list: readonly unknown[];
  #at = 0;

  constructor(list: readonly unknown[]) {
    this.#list = list;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#list.length;
  }

  next<T>(): T {
    return this.#list[this.#at++] as T;
  }
}

export function packCalls(calls: readonly QueuedCall[]): PackedCalls {
  const list: unknown[] = [];
  for (const call of calls) {
    list.push(call.name);
    if (call.name === "allocate") packAllocate(list, call.request);
    else if (call.name === "deallocate" || call.name === "isAllocated") packLookup(list, call.request);
    else list.push(call.request);
  }
  return list;
}

export function unpackCalls(packed: PackedCalls): QueuedCall[] {
  const list = new Unpacking(packed);
  const calls: QueuedCall[] = [];
  while (!list.isAtEnd) {
    const name = list.next<QueuedCall["name"]>();
    if (name === "allocate") calls.push({ name, request: unpackAllocate(list) });
    else if (name === "deallocate" || name === "isAllocated")
      calls.push({ name, request: unpackLookup(list) });
    else calls.push({ name, request: list.next() } as QueuedCall);
  }
  return calls;
}

/** `calls`: those that the outcomes belong to, here and below. */
export function packOutcomes(calls: readonly QueuedCall[], outcomes: readonly CallOutcome[]): PackedOutcomes {
  const list: unknown[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    list.push(outcome.ok);
    if (!outcome.ok) list.push(outcome.code, outcome.message);
    else if (calls[i]!.name !== "allocate") list.push(outcome.answer);
    // The pools are the request's; a share that several answers have crosses once.
    else
      for (const { address, share } of outcome.answer as Calls["allocate"]["answer"])
        list.push(address.family, address.value, share);
  }
  return list;
}

export function unpackOutcomes(calls: readonly QueuedCall[], packed: PackedOutcomes): CallOutcome[] {
  const list = new Unpacking(packed);
  return calls.map((call) => {
    if (!list.next<boolean>()) return { ok: false, code: list.next(), message: list.next() };
    if (call.name !== "allocate") return { ok: true, answer: list.next() };
    const answer = call.request.pools.map((pool) => ({
      pool,
      address: { family: list.next<Address["family"]>(), value: list.next<bigint>() },
      share: list.next<AnsweredShare>(),
    }));
    return { ok: true, answer };
  });
}

function packAllocate(list: unknown[], request: Calls["allocate"]["request"]): void {
  const { podName, podNamespace, podUid, deviceId, networkName } = request.metadata;
  packPlace(list, request);
  list.push(podName, podNamespace, podUid, deviceId, networkName);
  list.push(request.allocateDefaultGateway, request.index, request.requestedIps.length);
  for (const { family, value } of request.requestedIps) list.push(family, value);
}

function unpackAllocate(list: Unpacking): Calls["allocate"]["request"] {
  const place = unpackPlace(list);
  const metadata: Metadata = {
    podName: list.next(),
    podNamespace: list.next(),
    podUid: list.next(),
    deviceId: list.next(),
    networkName: list.next(),
  };
  const allocateDefaultGateway = list.next<boolean>();
  const index = list.next<number | undefined>();
  const requestedIps = Array.from({ length: list.next() }, () => ({
    family: list.next<Address["family"]>(),
    value: list.next<bigint>(),
  }));
  return { ...place, metadata, requestedIps, allocateDefaultGateway, ...(index !== undefined && { index }) };
}

function packLookup(list: unknown[], request: Calls["deallocate"]["request"]): void {
  packPlace(list, request);
  list.push(request.podUid);
}

function unpackLookup(list: Unpacking): Calls["deallocate"]["request"] {
  const place = unpackPlace(list);
  const podUid = list.next<string | undefined>();
  return { ...place, ...(podUid !== undefined && { podUid }) };
}

type Place = { readonly pools: readonly PoolRef[]; readonly attachment: Attachment };

function packPlace(list: unknown[], { pools, attachment }: Place): void {
  list.push(pools.length);
  for (const { type, name } of pools) list.push(type, name);
  list.push(attachment.containerId, attachment.interfaceName);
}

function unpackPlace(list: Unpacking): Place {
  const pools = Array.from({ length: list.next() }, () => ({
    type: list.next<PoolType>(),
    name: list.next<string>(),
  }));
  return { pools, attachment: { containerId: list.next(), interfaceName: list.next() } };
}
