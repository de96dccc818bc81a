// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";

export type Listener = {
  /** As given, with the port that the system chose for tcp port 0. */
  readonly address: string;
  /** Stops accepting, and takes a Unix socket's file away; resolves when all connections are gone too. */
  close(): Promise<void>;
  /** Breaks off the connections that are left. */
  destroyConnections(): void;
};

/** Connections that wait to be accepted: beyond it a connect fails at once. The kernel's own bound (somaxconn) is this. */
const BACKLOG = 4096;

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
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    options.onConnection(socket);
  });
  server.maxConnections = options.maxConnections;
  const listening = once(server, "listening");
  if (where.path === undefined) server.listen({ ...where, backlog: BACKLOG });
  else listenPrivately(server, where.path);
  await listening;
  server.on("error", options.onError);
  return {
    address: boundAddress(server, address),
    close: () => closeServer(server),
    destroyConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
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

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
}
