// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ScrapeSource } from "./exposition.ts";

export type MetricsServerOptions = {
  /** Host "" means every interface; port 0 lets the system choose. */
  readonly address: { readonly host: string; readonly port: number };
  readonly source: ScrapeSource;
  readonly log: { error(message: string, error: unknown): void };
};

export type MetricsServer = {
  /** The port it listens on. */
  readonly port: number;
  stop(): Promise<void>;
};

// A scrape is small and comes from one or two places; whatever is larger, slower or more is none.
const LIMITS = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 };
const MAX_CONNECTIONS = 64;
const SILENCE_MS = 10_000;

type Answer = { readonly status: number; readonly type: string; readonly text: string };

const PLAIN = "text/plain; charset=utf-8";

async function judge(request: IncomingMessage, { source, log }: MetricsServerOptions): Promise<Answer> {
  const { url = "", method = "" } = request;
  if (url.split("?", 1)[0] !== "/metrics") return { status: 404, type: PLAIN, text: "not found\n" };
  if (method !== "GET" && method !== "HEAD") return { status: 405, type: PLAIN, text: "GET only\n" };
  try {
    return { status: 200, type: source.contentType, text: await source.render() };
  } catch (error) {
    log.error("metrics cannot be collected", error);
    return { status: 500, type: PLAIN, text: "metrics cannot be collected, see the log\n" };
  }
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

/** Serves /metrics over plain HTTP. Rejects with the system's error when the address cannot be had. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer(LIMITS, (request, response) => {
    void judge(request, options).then((answer) => send(response, answer));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENCE_MS); // also for a scraper that does not read its answer
  const { host, port } = options.address;
  server.listen({ port, ...(host === "" ? {} : { host }) });
  await once(server, "listening");
  server.on("error", (error) => options.log.error("cannot accept scrapes", error));
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
