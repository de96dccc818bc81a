// SPDX-License-Identifier: Apache-2.0
import { addressToBytes, formatAddress, parseAddress } from "../ip/address.ts";
import type { Endpoint } from "./platform.ts";

/** Where to connect; each endpoint is tried in order. */
export type DaemonAddress = {
  readonly targets: readonly {
    readonly endpoint: Endpoint;
    /** As Go names it, "unix /path". */
    readonly name: string;
  }[];
  /** HTTP/2's :authority. */
  readonly authority: string;
};

/** Reads "unix:///PATH", "unix:PATH" and "tcp://HOST:PORT", HOST an address or localhost; throws Error for anything else. */
export function parseDaemonAddress(text: string): DaemonAddress {
  const unix = /^unix:(?:\/\/(?=\/))?(?!\/\/)(.+)$/s.exec(text);
  if (unix !== null) {
    const path = unix[1]!;
    return { targets: [{ endpoint: { path }, name: `unix ${path}` }], authority: "localhost" };
  }
  const tcp = /^tcp:\/\/(?:\[([^[\]]*)\]|([^:[\]/]*)):(\d{1,5})$/.exec(text);
  const port = Number(tcp?.[3]);
  if (tcp === null || port < 1 || port > 65535) throw unsupported(text);
  const hosts = tcp[2] === "localhost" ? ["127.0.0.1", "::1"] : [tcp[1] ?? tcp[2] ?? ""];
  const targets = hosts.map((host) => {
    const address = parseAddress(host);
    if (address === undefined || (tcp[1] !== undefined && !host.includes(":"))) throw unsupported(text);
    const written = address.family === 4 ? formatAddress(address) : `[${formatAddress(address)}]`;
    return { endpoint: { address: addressToBytes(address), port }, name: `tcp ${written}:${port}` };
  });
  return { targets, authority: text.slice("tcp://".length) };
}

function unsupported(text: string): Error {
  const forms = "unix:///PATH, tcp://ADDRESS:PORT and tcp://localhost:PORT";
  return new Error(`unsupported daemonSocket ${JSON.stringify(text)}, supported values: ${forms}`);
}
