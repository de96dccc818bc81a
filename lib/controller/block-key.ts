// SPDX-License-Identifier: Apache-2.0
import { formatAddress, parseAddress } from "../ip/address.ts";
import { formatSubnet, parseSubnet } from "../ip/subnet.ts";
import type { PoolAllocation } from "../pool/pool.ts";

/**
 * Names the block of an entry whoever has it and however it is spelled: "10.0.0.1-10.0.0.4" or "10.0.0.0/24"; undefined
 * when the entry says no block.
 */
export function blockKey(entry: PoolAllocation): string | undefined {
  if ("prefix" in entry) {
    const subnet = parseSubnet(entry.prefix);
    return subnet && formatSubnet(subnet);
  }
  const [start, end] = [parseAddress(entry.startIP), parseAddress(entry.endIP)];
  return start && end && `${formatAddress(start)}-${formatAddress(end)}`;
}
