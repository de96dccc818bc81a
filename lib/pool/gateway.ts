// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import { type Subnet, subnetRange, usableRange } from "../ip/subnet.ts";

/**
 * The gateway of a node's prefix: its network address + `index`. undefined when that is no address a host may have:
 * beyond the last usable one, or index 0 where the network address is none (all but /31, /32, /127, /128).
 */
export function gatewayAt(prefix: Subnet, index: bigint): Address | undefined {
  const value = subnetRange(prefix).first + index;
  const { family, first, last } = usableRange(prefix);
  return first <= value && value <= last ? { family, value } : undefined;
}
