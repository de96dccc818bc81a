// SPDX-License-Identifier: Apache-2.0
import type { PoolType } from "../pool/pool.ts";
import { PoolTypeNumber } from "../rpc/messages.ts";

/** The name of a number on the wire; unspecified means IPPool there. */
export function poolTypeName(number: number): PoolType {
  return number === PoolTypeNumber.cidrpool ? "cidrpool" : "ippool";
}
