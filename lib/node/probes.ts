// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpAddress } from "./bind-address.ts";

export type Probes = {
  /** The port it listens on: the one asked for, or the one the system chose for 0. */
  readonly port: number;
  stop(): Promise<void>;
};

// Probes are small and come alone; whatever is larger or slower is none.
const LIMITS = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 };

type Verdict = readonly [status: number, text: string];

function judge({ url = "", method = "" }: IncomingMessage, notReady: () => string | undefined): Verdict {
  const path = url.split("?", 1)[0];
  if (path !== "/healthz" && path !== "/readyz") return [404, "not found\n"];
  if (method !== "GET" && method !== "HEAD") return [405, "GET only\n"];
  const reason = path === "/readyz" ? notReady() : undefined;
  return reason === undefined ? [200, "ok"] : [503, `not ready: ${reason}\n`];
}

function answer(response: ServerResponse, [status, text]: Verdict): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}

/**
 * Serves /healthz (the process answers) and /readyz (`notReady` gives no reason against it) over plain HTTP.
 * Rejects with the system's error when the address cannot be had.
 */
export async function startProbes(address: HttpAddress, notReady: () => string | undefined): Promise<Probes> {
  const server = createServer(LIMITS, (request, response) => answer(response, judge(request, notReady)));
  server.listen({ port: address.port, ...(address.host === "" ? {} : { host: address.host }) });
  await once(server, "listening");
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
