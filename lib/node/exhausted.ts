// SPDX-License-Identifier: Apache-2.0
import { describePool, type PoolRef } from "../pool/pool.ts";

/** What an Allocate is told when a pool has nothing left; the text is fixed, users and programs match it. */
export function exhaustedMessage(pool: PoolRef): string {
  return `no free addresses in the ${describePool(pool)}`;
}
