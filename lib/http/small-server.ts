// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export type Answer = { readonly status: number; readonly type: string; readonly text: string };

export type SmallServerOptions = {
  /** Host "" means every interface; port 0 lets the system choose. */
  readonly address: { readonly host: string; readonly port: number };
  /** What GET and HEAD of a path give; its query does not matter. Never rejects. */
  readonly paths: Readonly<Record<string, () => Answer | Promise<Answer>>>;
  /** Told why a caller could not be let in. */
  readonly onError: (error: Error) => void;
};

export type SmallServer = {
  /** The port it listens on: the one asked for, or the one the system chose for 0. */
  readonly port: number;
  /** Does not wait for connections that callers keep open. */
  stop(): Promise<void>;
};

export const PLAIN = "text/plain; charset=utf-8";

// Probes and scrapes are small and come from one or two places; whatever is larger, slower or more is none.
const LIMITS = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 };
const MAX_CONNECTIONS = 64;
const SILENCE_MS = 10_000;

/** Serves a few paths over plain HTTP. Rejects with the system's error when the address cannot be had. */
export async function startSmallServer({
  address: { host, port },
  paths,
  onError,
}: SmallServerOptions): Promise<SmallServer> {
  const server = createServer(LIMITS, (request, response) => {
    void answerTo(request, paths).then((answer) => send(response, answer));
  });
  boundConnections(server);
  server.setTimeout(SILENCE_MS); // also for a caller that does not read its answer
  server.listen({ port, ...(host === "" ? {} : { host }) });
  await once(server, "listening");
  server.on("error", onError);
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One too many takes the place of the one that has been silent for longest: who only connects must not keep a probe out. */
function boundConnections(server: Server): void {
  const waiting = new Set<Socket>(); // the one that was answered or came last at the end
  let count = 0;
  server.on("connection", (socket) => {
    waiting.add(socket);
    if (++count > MAX_CONNECTIONS) {
      const [oldest = socket] = waiting;
      waiting.delete(oldest);
      oldest.destroy();
    }
    socket.once("close", () => {
      waiting.delete(socket);
      count--;
    });
  });
  server.on("request", ({ socket }, response) => {
    waiting.delete(socket);
    response.once("close", () => {
      if (!socket.destroyed) waiting.add(socket);
    });
  });
}

async function answerTo(
  { url = "", method = "" }: IncomingMessage,
  paths: SmallServerOptions["paths"],
): Promise<Answer> {
  const path = url.split("?", 1)[0]!;
  const answer = Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (answer === undefined) return { status: 404, type: PLAIN, text: "not found\n" };
  if (method !== "GET" && method !== "HEAD") return { status: 405, type: PLAIN, text: "GET only\n" };
  return await answer();
}

function send(response: ServerResponse, { status, type, text }: Answer): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
    ...(status === 405 && { allow: "GET, HEAD" }),
  });
  response.end(text);
}
