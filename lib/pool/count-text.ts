// SPDX-License-Identifier: Apache-2.0

/** A count with its noun, "1 node", "3 nodes"; `many` is the plural where it is more than an "s". */
export function countText(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${BigInt(count) === 1n ? one : many}`;
}
