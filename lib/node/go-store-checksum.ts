// SPDX-License-Identifier: Apache-2.0

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a with 32 bits (RFC 9923), the checksum of Go's hash/fnv.New32a. */
export function fnv1a32(bytes: Uint8Array): number {
  let hash = OFFSET_BASIS | 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, PRIME);
  return hash >>> 0;
}
