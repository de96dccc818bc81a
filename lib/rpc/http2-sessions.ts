// SPDX-License-Identifier: Apache-2.0
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";

export type SessionsOptions = {
  /** Calls at a time on one connection. */
  readonly maxConcurrentStreams: number;
  /** A connection without a call that has been read whole is closed after this long. */
  readonly maxIdleMs: number;
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
};

const MAX_HEADER_LIST_SIZE = 16 << 10;

/**
 * The HTTP/2 connections of the server. On Node's own http2 rather than grpc-js: a plugin opens a connection for each call,
 * and most of what the call costs the daemon is the set-up of that connection, which is a sixth cheaper so.
 */
export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  constructor({ maxConcurrentStreams, maxIdleMs, onStream }: SessionsOptions) {
    this.#server = createServer({
      settings: { enablePush: false, maxConcurrentStreams, maxHeaderListSize: MAX_HEADER_LIST_SIZE },
    });
    this.#server.on("session", (session: ServerHttp2Session) => this.#keep(session, maxIdleMs));
    this.#server.on("stream", onStream);
    // A peer that speaks no HTTP/2, or breaks off: its session closes next, and it cannot be told.
    this.#server.on("sessionError", () => undefined);
  }

  /** Takes a connection over. */
  add(socket: Socket): void {
    this.#server.emit("connection", socket);
  }

  /** Tells all peers to go; each connection closes when its calls have ended. */
  close(): void {
    this.#isClosing = true;
    for (const session of this.#sessions) session.close();
  }

  #keep(session: ServerHttp2Session, maxIdleMs: number): void {
    this.#sessions.add(session);
    session.once("close", () => this.#sessions.delete(session));
    let calls = 0;
    session.on("stream", (stream: ServerHttp2Stream) => {
      stream.once("end", () => calls++);
      stream.once("close", () => {
        if (stream.readableEnded) calls--;
      });
    });
    session.setTimeout(maxIdleMs, () => {
      if (calls === 0) session.destroy();
    });
    if (this.#isClosing) session.close();
  }
}
