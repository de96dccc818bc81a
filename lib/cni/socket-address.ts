// SPDX-License-Identifier: Apache-2.0
import { encodeUtf8 } from "../rpc/utf8.ts";
import type { Endpoint } from "./platform.ts";

// Linux, unix(7), ip(7), ipv6(7).
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SUN_PATH_SIZE = 108;

/**
 * An endpoint as the kernel's struct sockaddr on a little-endian machine (amd64, arm64); undefined when a path does not
 * fit or holds a NUL.
 */
export function toSocketAddress(endpoint: Endpoint): ArrayBuffer | undefined {
  if ("path" in endpoint) return toUnix(endpoint.path);
  const { address, port } = endpoint;
  const v4 = address.length === 4;
  const bytes = new Uint8Array(v4 ? 16 : 28); // sockaddr_in: address at 4; sockaddr_in6: flow label at 4, address at 8
  bytes[0] = v4 ? AF_INET : AF_INET6;
  bytes[2] = port >> 8; // the port is in network order
  bytes[3] = port;
  bytes.set(address, v4 ? 4 : 8);
  return bytes.buffer;
}

function toUnix(path: string): ArrayBuffer | undefined {
  const name = encodeUtf8(path);
  if (name.length === 0 || name.length >= SUN_PATH_SIZE || name.includes(0)) return undefined;
  const bytes = new Uint8Array(2 + SUN_PATH_SIZE);
  bytes[0] = AF_UNIX;
  bytes.set(name, 2);
  return bytes.buffer;
}
