// SPDX-License-Identifier: Apache-2.0
// Which address a request gets. This is the only place where one is chosen.
import { type Address, sameAddress } from "../ip/address.ts";
import { rangeContains } from "../ip/range.ts";
import { subnetContains } from "../ip/subnet.ts";
import { describePool } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import type { Calls } from "./call.ts";
import type { FreeAddresses } from "./free-addresses.ts";

type AllocateRequest = Calls["allocate"]["request"];

/**
 * The next address of round robin: after the last one given, if that lies in the range, else from the range's first; past
 * the end it goes on at the start. So a freed address comes again only after the range has been gone round. undefined
 * when nothing is free. Costs the same however full or fragmented the range is.
 */
export function chooseNext(
  share: Share,
  free: FreeAddresses,
  last: Address | undefined,
): Address | undefined {
  const goesOn = last !== undefined && rangeContains(share.range, last);
  return (goesOn ? free.find(last.value + 1n) : undefined) ?? free.find();
}

/**
 * The address that the caller itself names: by index, as the gateway, or as a static one of the pool's network that no
 * earlier pool of the call took (`taken`). undefined when it names none. Exclusions do not matter here. Where a caller
 * names several ways, index goes before gateway before static.
 */
export function chooseRequested(
  share: Share,
  request: AllocateRequest,
  taken: readonly Address[],
): Address | undefined {
  const gateway = request.allocateDefaultGateway ? requireGateway(share) : undefined;
  if (request.index !== undefined) return addressAt(share, request.index);
  if (gateway !== undefined) return gateway;
  return request.requestedIps.find(
    (ip) => subnetContains(share.subnet, ip) && !taken.some((other) => sameAddress(other, ip)),
  );
}

function requireGateway({ gateway, pool }: Share): Address {
  if (gateway !== undefined) return gateway;
  throw new RpcError(
    Code.InvalidArgument,
    `pool without gateway can't be used with allocate_default_gateway feature,${describePool(pool)}`,
  );
}

function addressAt({ range, gateway }: Share, index: number): Address {
  const address: Address = { family: range.family, value: range.first + BigInt(index) };
  if (gateway !== undefined && sameAddress(gateway, address)) {
    throw new RpcError(
      Code.InvalidArgument,
      `requested IP index "${index}" is the actual gateway, use allocate_default_gateway feature instead`,
    );
  }
  if (!rangeContains(range, address)) {
    throw new RpcError(Code.InvalidArgument, `requested IP index "${index}" is outside of the given chunk`);
  }
  return address;
}
