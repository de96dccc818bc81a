// SPDX-License-Identifier: Apache-2.0
// Octets: bytes as a string with one character for each. What is sent is built of them, because the plugin's engine joins
// strings at the speed of C and takes a thousand instructions for each byte that a script puts into an array.

export function octetsToBytes(octets: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(octets.length);
  for (let i = 0; i < octets.length; i++) bytes[i] = octets.charCodeAt(i);
  return bytes;
}

/** Big-endian, below 2^32. */
export function uint32Octets(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}
