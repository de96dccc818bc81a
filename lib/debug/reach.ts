// SPDX-License-Identifier: Apache-2.0
import { lstatSync } from "node:fs";
import type { NetConnectOpts } from "node:net";
import { parseBindAddress } from "../node/bind-address.ts";
import { findConnectError } from "../node/socket-path.ts";

// What connects slowly is busy, which only a living daemon is: its answer to the call itself has its own deadline.
const CONNECT_DEADLINE_MS = 2000;

/** What says that no daemon is there, so that the store may be read instead. */
const NOBODY = new Set(["ENOENT", "ENOTDIR", "ECONNREFUSED"]);

/**
 * Why nobody answers at a daemon's address, as a sentence that names it; undefined: somebody accepts connections. Throws
 * an Error when that cannot be known (no permission, no way to the host).
 */
export async function findSilence(bindAddress: string): Promise<string | undefined> {
  const error = await findConnectError(connectOptions(bindAddress), CONNECT_DEADLINE_MS);
  if (error === undefined) return undefined;
  if (!NOBODY.has(error.code ?? "")) {
    throw new Error(`cannot tell whether a daemon answers at ${bindAddress}`, { cause: error });
  }
  return `no daemon answers at ${bindAddress} (${reasonOf(bindAddress, error)})`;
}

/** The address to call a daemon that listens at `bindAddress`: one that listens on every interface is called locally. */
export function callAddress(bindAddress: string): string {
  const address = parseBindAddress(bindAddress);
  if (address.kind === "unix") return bindAddress;
  const host = { "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1" }[address.host] ?? address.host;
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

function connectOptions(bindAddress: string): NetConnectOpts {
  const address = parseBindAddress(callAddress(bindAddress));
  return address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
}

function reasonOf(bindAddress: string, error: NodeJS.ErrnoException): string {
  const address = parseBindAddress(bindAddress);
  if (address.kind === "tcp") return "connection refused";
  if (error.code !== "ECONNREFUSED") return "there is no such socket";
  const found = lstatSync(address.path, { throwIfNoEntry: false });
  return found === undefined || found.isSocket()
    ? "nobody listens on the socket"
    : "what lies there is no socket";
}
