// SPDX-License-Identifier: Apache-2.0

export const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Big-endian; the four bytes must be there. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Big-endian, without the first bit, which HTTP/2 reserves. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & 0x7fffffff;
}

/** One character for each byte of bytes[start, end). */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  // In pieces, because an argument list has its limit. Not spread, which walks an iterator: four times slower in QuickJS.
  for (let at = start; at < end; at += 4096) {
    const codes: ArrayLike<number> = bytes.subarray(at, Math.min(at + 4096, end));
    text += String.fromCharCode.apply(null, codes as number[]);
  }
  return text;
}
