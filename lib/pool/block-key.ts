// SPDX-License-Identifier: Apache-2.0
import { formatAddress, parseAddress } from "../ip/address.ts";
import { formatSubnet, parseSubnet } from "../ip/subnet.ts";
import type { CIDRPoolAllocation, IPPoolAllocation } from "./pool.ts";

/** The block of an entry of status.allocations, whoever has it. */
export type WrittenBlock = Pick<IPPoolAllocation, "startIP" | "endIP"> | Pick<CIDRPoolAllocation, "prefix">;

/**
 * Names a block however it is spelled: "10.0.0.1-10.0.0.4" or "10.0.0.0/24"; undefined when the text says none. Whether
 * a pool has such a block is not asked.
 */
export function blockKey(entry: WrittenBlock): string | undefined {
  if ("prefix" in entry) {
    const subnet = parseSubnet(entry.prefix);
    return subnet && formatSubnet(subnet);
  }
  const [start, end] = [parseAddress(entry.startIP), parseAddress(entry.endIP)];
  return start && end && `${formatAddress(start)}-${formatAddress(end)}`;
}
