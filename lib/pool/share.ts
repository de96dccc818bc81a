// SPDX-License-Identifier: Apache-2.0
import type { Address } from "../ip/address.ts";
import type { Range } from "../ip/range.ts";
import type { Subnet } from "../ip/subnet.ts";
import type { PoolRef } from "./pool.ts";

/** One node's view of a pool: what the daemon needs to hand out addresses. Plain data: it crosses threads. */
export type Share = {
  readonly pool: PoolRef;
  /** Its prefix length goes into every answer; static addresses may be any of it. */
  readonly subnet: Subnet;
  /** Dynamic addresses and those by index come from here. */
  readonly range: Range;
  readonly gateway?: Address;
  /** Merged, sorted, inside the range. */
  readonly exclusions: readonly Range[];
  /** As in the spec, without the default route; given to callers only where there is a gateway. */
  readonly routes: readonly Subnet[];
  readonly defaultGateway: boolean;
};
