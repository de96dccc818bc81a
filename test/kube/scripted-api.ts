// SPDX-License-Identifier: Apache-2.0
// An API server that answers what a test tells it to: for what a real one cannot be made to do.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Cluster, createCluster } from "../../lib/kube/cluster.ts";
import { silentLog } from "../support/log.ts";

type Teardown = { teardown(end: () => unknown): void };

export type Asked = {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
};

export type ScriptedApi = {
  readonly url: string;
  readonly cluster: Cluster;
  /** Every request so far. */
  readonly asked: readonly Asked[];
};

/** Calls `answer` for each request, in order. */
export async function startScriptedApi(
  t: Teardown,
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<ScriptedApi> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://server");
    const entry = { path: url.pathname, query: url.searchParams, headers: request.headers };
    asked.push(entry);
    answer(entry, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = {
    server: new URL(url),
    origin: "test",
    load: async () => ({ headers: {} }),
    forget: () => undefined,
  };
  const cluster = createCluster(access, silentLog);
  t.teardown(async () => {
    cluster.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { url, cluster, asked };
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function sendStatus(response: ServerResponse, code: number, reason: string, headers = {}): void {
  sendJson(response, code, { kind: "Status", code, reason, message: reason }, headers);
}

export function node(name: string, resourceVersion: string, labels: Record<string, string> = {}): object {
  return { metadata: { name, resourceVersion, labels } };
}

export function page(names: readonly string[], { version = "1", more = "" } = {}): object {
  return {
    metadata: { resourceVersion: version, ...(more !== "" && { continue: more }) },
    items: names.map((name) => node(name, version)),
  };
}

/** One line of a watch. */
export function line(type: string, object: object): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}
