// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 over node:https with kept connections; plain http for `kubectl proxy`.
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Credentials } from "./credentials.ts";
import { ConnectionError } from "./error.ts";

export type Exchange = {
  readonly method: string;
  /** With the query; below the server's own path. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the exchange at any time, also while the body comes. */
  readonly signal: AbortSignal;
};

export type Transport = {
  /** Resolves with the head of the answer, whatever its status; its body must be read or destroyed. */
  send(exchange: Exchange, credentials: Credentials): Promise<IncomingMessage>;
  close(): void;
};

// A connection that nobody uses goes before a load balancer forgets it silently; probes find dead ones in use.
const AGENT = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 4, timeout: 45_000 };

/** Kept connections to one server, the first at the first exchange; the path of `server` stands before all others. */
export function createTransport(server: URL): Transport {
  const secure = server.protocol === "https:";
  const agent = secure ? new HttpsAgent(AGENT) : new HttpAgent(AGENT);
  const start = secure ? httpsRequest : httpRequest;
  const prefix = server.pathname.replace(/\/+$/, "");
  const open = ({ body, ...exchange }: Exchange, { headers, ...trust }: Credentials): ClientRequest => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body).toString() };
    const target = {
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port || (secure ? 443 : 80),
    };
    const request = start({
      ...target,
      ...trust,
      agent,
      method: exchange.method,
      path: `${prefix}${exchange.path}`,
      headers: { ...exchange.headers, ...length, ...headers },
      signal: exchange.signal,
    });
    request.end(body);
    return request;
  };
  return {
    async send(exchange, credentials) {
      try {
        return await answer(() => open(exchange, credentials), exchange.method === "GET");
      } catch (error) {
        if (exchange.signal.aborted) throw exchange.signal.reason;
        throw new ConnectionError(`cannot reach the API server ${server.origin}`, {
          cause: plainCause(error),
        });
      }
    },
    close: () => agent.destroy(),
  };
}

/** The server may close a kept connection just when it is used again: what changes nothing is then sent once more. */
async function answer(open: () => ClientRequest, repeatable: boolean): Promise<IncomingMessage> {
  for (;;) {
    const request = open();
    try {
      return await head(request);
    } catch (error) {
      if (!repeatable || !request.reusedSocket || !isCut(error)) throw error;
    }
  }
}

function head(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject); // stays: a late error of a request that was answered must not end the process
  });
}

function isCut(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "EPIPE";
}

/** A name with several addresses fails with all their errors at once and no text of its own. */
function plainCause(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error;
}
