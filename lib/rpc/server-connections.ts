// SPDX-License-Identifier: Apache-2.0
import type { Socket } from "node:net";
import { type ConnectionOptions, ServerConnection } from "./server-connection.ts";

export type ConnectionsOptions = Omit<ConnectionOptions, "onClosed"> & {
  /** A connection on which nothing moves, and no call waits for its answer, is closed after this long, or a half more. */
  readonly maxIdleMs: number;
};

/** The connections of a server. */
export class ServerConnections {
  readonly #options: ConnectionOptions;
  readonly #connections = new Set<ServerConnection>();
  readonly #sweep: NodeJS.Timeout;
  /** What is done with those that come yet. */
  #end: ((connection: ServerConnection) => void) | undefined;

  constructor({ maxIdleMs, ...options }: ConnectionsOptions) {
    this.#options = { ...options, onClosed: (connection) => this.#connections.delete(connection) };
    this.#sweep = setInterval(() => {
      for (const connection of this.#connections) connection.closeIfIdle(maxIdleMs);
    }, maxIdleMs / 2).unref();
  }

  /** Takes a connection over. */
  add(socket: Socket): void {
    const connection = new ServerConnection(socket, this.#options);
    this.#connections.add(connection);
    this.#end?.(connection);
  }

  /** Tells all peers to go; each connection closes when its calls have ended. */
  close(): void {
    this.#endAll((connection) => connection.close());
    clearInterval(this.#sweep);
  }

  /** Breaks off the connections that are left, and those that come yet. */
  destroy(): void {
    this.#endAll((connection) => connection.destroy());
  }

  #endAll(end: (connection: ServerConnection) => void): void {
    this.#end = end;
    for (const connection of this.#connections) end(connection);
  }
}
