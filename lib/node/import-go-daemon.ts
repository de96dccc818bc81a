// SPDX-License-Identifier: Apache-2.0
import { connect } from "node:net";
import type { BindAddress } from "./bind-address.ts";
import { checkSilence } from "./socket-path.ts";
import { isGoStore } from "./store-import.ts";

const ANSWER_DEADLINE_MS = 1000;

/**
 * To be called before the store is opened: rejects when `storeFile` is a Go daemon's store and something answers at the
 * address where that daemon would. It goes on with what it has in memory, whatever becomes of its file, so the lock on the
 * file does not say that it has ended, and with its next commit it would put the file back over the database.
 */
export async function refuseBesideGoDaemon(storeFile: string, bind: BindAddress): Promise<void> {
  if (!isReadableGoStore(storeFile)) return;
  if (bind.kind === "unix") return checkSilence(bind.path);
  const { host, port } = bind;
  if (await answers(host === "" || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host, port)) {
    throw new Error(
      `a daemon (nv-ipam in Go, or another ipam-node) answers at tcp port ${port}: stop it first`,
    );
  }
}

function isReadableGoStore(path: string): boolean {
  try {
    return isGoStore(path);
  } catch {
    return false; // what keeps it from being read, opening it as the store will say
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port });
    const end = (isThere: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      done(isThere);
    };
    const timer = setTimeout(() => end(true), ANSWER_DEADLINE_MS);
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}
