// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { unlinkSync } from "node:fs";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";

export type Listener = {
  /** As given, with the port that the system chose for tcp port 0. */
  readonly address: string;
  /**
   * Takes a Unix socket's file away at once, accepts who has connected to it before, and then nobody more; resolves when all
   * connections are gone too.
   */
  close(): Promise<void>;
};

/** Connections that wait to be accepted: beyond it a connect fails at once. The kernel's own bound (somaxconn) is this. */
const BACKLOG = 4096;
/** After this silence, and ten seconds without an answer, a tcp peer's host has vanished: nothing else ends its health watch. */
const KEEP_ALIVE_MS = 60_000;

export type ListenerOptions = {
  readonly maxConnections: number;
  readonly onConnection: (socket: Socket) => void;
  /** Of the listening socket, once it listens; it goes on. */
  readonly onError: (error: Error) => void;
};

/**
 * Listens on "unix:///PATH" or "tcp://HOST:PORT" (no HOST: every interface). A Unix socket is its owner's alone from the
 * moment it exists. Rejects with the system's error, or an Error for another kind of address.
 */
export async function listen(address: string, options: ListenerOptions): Promise<Listener> {
  const where = parseAddress(address);
  // On a Unix socket a peer that has ended its side can be told from one that has gone; elsewhere both count as gone.
  const allowHalfOpen = where.path !== undefined;
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, allowHalfOpen },
    options.onConnection,
  );
  server.maxConnections = options.maxConnections;
  const listening = once(server, "listening");
  if (where.path === undefined) server.listen({ ...where, backlog: BACKLOG });
  else listenPrivately(server, where.path);
  await listening;
  server.on("error", options.onError);
  return { address: boundAddress(server, address), close: () => closeServer(server, where.path) };
}

function parseAddress(address: string): ListenOptions {
  if (address.startsWith("unix://")) return { path: address.slice("unix://".length) };
  const tcp = /^tcp:\/\/(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(address);
  if (tcp === null) throw new Error(`address ${address} is neither unix:///PATH nor tcp://HOST:PORT`);
  const host = tcp[1] ?? tcp[2] ?? "";
  return { port: Number(tcp[3]), ...(host === "" ? {} : { host }) };
}

/** The file gets its mode when it is bound, which happens inside listen(): no other code runs under this umask. */
function listenPrivately(server: Server, path: string): void {
  const umask = process.umask(0o177);
  try {
    server.listen({ path, backlog: BACKLOG });
  } finally {
    process.umask(umask);
  }
}

function boundAddress(server: Server, address: string): string {
  const bound = server.address();
  if (bound === null || typeof bound === "string") return address;
  return address.replace(/:\d+$/, `:${bound.port}`);
}

async function closeServer(server: Server, path: string | undefined): Promise<void> {
  if (path !== undefined) await emptyQueue(server, path);
  // Not once(): that would reject when a last connection cannot be accepted.
  await new Promise<void>((closed) => server.close(() => closed()));
}

/**
 * Whoever waits in the queue when it is closed would be cut off with a request on its way. Without the file nobody can join
 * it, and each turn of the event loop takes somebody out of it: after a whole turn that took nobody it is empty.
 */
async function emptyQueue(server: Server, path: string): Promise<void> {
  let taken = 0;
  const count = (): void => void taken++;
  server.on("connection", count).on("drop", count);
  unlinkIfThere(path);
  for (let before = -1; before !== taken; ) {
    before = taken;
    // The first may end a turn that has begun before.
    await nextTurn();
    await nextTurn();
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
