// SPDX-License-Identifier: Apache-2.0

/** Where the daemon listens for plugins. */
export type BindAddress =
  | { readonly kind: "unix"; readonly path: string }
  /** host "" means every interface. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Where an HTTP endpoint listens; host "" means every interface. */
export type HttpAddress = { readonly host: string; readonly port: number };

// sun_path of unix(7) holds 108 bytes, the closing zero included.
const LONGEST_SOCKET_PATH = 107;

/** "unix:///PATH" or "tcp://HOST:PORT". Throws an Error that says what would be right. */
export function parseBindAddress(text: string): BindAddress {
  if (text.startsWith("unix://")) {
    const path = text.slice("unix://".length);
    if (!path.startsWith("/"))
      throw new Error('a socket needs an absolute path, as in "unix:///run/nv-ipam.sock"');
    const length = Buffer.byteLength(path);
    if (length > LONGEST_SOCKET_PATH) {
      throw new Error(`the socket path has ${length} bytes, the system allows ${LONGEST_SOCKET_PATH}`);
    }
    return { kind: "unix", path };
  }
  if (text.startsWith("tcp://")) return { kind: "tcp", ...parseHostPort(text.slice("tcp://".length)) };
  throw new Error('expected "unix:///PATH" or "tcp://HOST:PORT"');
}

/** "HOST:PORT" or ":PORT"; "0" and "" mean off. Throws an Error that says what would be right. */
export function parseHttpAddress(text: string): HttpAddress | undefined {
  return text === "0" || text === "" ? undefined : parseHostPort(text);
}

function parseHostPort(text: string): HttpAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new Error(`"${text}" is not HOST:PORT or :PORT (an IPv6 address in brackets, a port up to 65535)`);
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/**
 * Whether who calls the one address reaches a daemon that is bound to the other. Hosts may differ: one that listens on every
 * interface is called by any of their addresses.
 */
export function leadsTo(called: BindAddress, bound: BindAddress): boolean {
  return called.kind === "unix"
    ? bound.kind === "unix" && bound.path === called.path
    : bound.kind === "tcp" && bound.port === called.port;
}

/** Whether only processes of this host reach it. */
export function isLocal(address: BindAddress): boolean {
  if (address.kind === "unix") return true;
  return /^(127(\.\d{1,3}){3}|localhost|(0{0,4}:){1,7}0{0,3}1)$/i.test(address.host);
}
