// SPDX-License-Identifier: Apache-2.0
import { uint32Octets } from "./octets.ts";

/** A message as gRPC puts it into DATA frames: not compressed, four bytes of length, the message; octets. */
export function prefixed(message: string): string {
  return `\x00${uint32Octets(message.length)}${message}`;
}
