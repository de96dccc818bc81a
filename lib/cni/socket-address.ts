// SPDX-License-Identifier: Apache-2.0
import { utf8Octets } from "../rpc/utf8.ts";
import type { Endpoint } from "./platform.ts";

// Linux, unix(7), ip(7), ipv6(7).
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SUN_PATH_SIZE = 108;

/**
 * An endpoint as the kernel's struct sockaddr on a little-endian machine (amd64, arm64), in octets; undefined when a path
 * does not fit or holds a NUL.
 */
export function toSocketAddress(endpoint: Endpoint): string | undefined {
  if ("path" in endpoint) return toUnix(endpoint.path);
  const { address, port } = endpoint;
  const octets = String.fromCharCode(...address);
  const networkPort = String.fromCharCode(port >> 8, port & 0xff);
  if (address.length === 4) return `${family(AF_INET)}${networkPort}${octets}${"\0".repeat(8)}`; // sockaddr_in
  return `${family(AF_INET6)}${networkPort}${"\0".repeat(4)}${octets}${"\0".repeat(4)}`; // flow label, address, scope
}

function toUnix(path: string): string | undefined {
  const octets = utf8Octets(path);
  if (octets.length === 0 || octets.length >= SUN_PATH_SIZE || octets.includes("\0")) return undefined;
  return `${family(AF_UNIX)}${octets}\0`;
}

function family(number: number): string {
  return String.fromCharCode(number, 0);
}
