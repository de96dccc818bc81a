// SPDX-License-Identifier: Apache-2.0
import type { BindAddress } from "./bind-address.ts";
import { checkSilence, findConnectError } from "./socket-path.ts";
import { isGoStore } from "./store-import.ts";

/**
 * To be called before the store is opened: rejects when `storeFile` is a Go daemon's store and something answers at the
 * address where that daemon would. It goes on with what it has in memory, whatever becomes of its file, so the lock on the
 * file does not say that it has ended, and with its next commit it would put the file back over the database.
 */
export async function refuseBesideGoDaemon(storeFile: string, bind: BindAddress): Promise<void> {
  if (!isReadableGoStore(storeFile)) return;
  if (bind.kind === "unix") return checkSilence(bind.path);
  const { port } = bind;
  const host = { "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1" }[bind.host] ?? bind.host;
  if ((await findConnectError({ host, port })) !== undefined) return;
  throw new Error(
    `a daemon (nv-ipam in Go, or another ipam-node) answers at tcp port ${port}: stop it first`,
  );
}

function isReadableGoStore(path: string): boolean {
  try {
    return isGoStore(path);
  } catch {
    return false; // what keeps it from being read, opening it as the store will say
  }
}
