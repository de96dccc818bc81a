// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeyPair } from "./api-server-certificates.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** An answer of the API server, whatever its status. */
export type RawAnswer = { readonly status: number; readonly text: string };

/** What every object of the API has. */
export type KubeObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
};

/** A client of the API server. Paths are the URL's, "/api/v1/nodes?limit=1"; bodies are JSON. */
export type Client = {
  /** Rejects only when there is no answer. A PATCH is a merge patch unless contentType says otherwise. */
  request(method: Method, path: string, body?: unknown, contentType?: string): Promise<RawAnswer>;
  /** These reject with the status and text of the answer unless it is 2xx; 429 is tried again. */
  get<T = KubeObject>(path: string): Promise<T>;
  post<T = KubeObject>(path: string, body: unknown): Promise<T>;
  put<T = KubeObject>(path: string, body: unknown): Promise<T>;
  patch<T = KubeObject>(path: string, body: unknown, contentType?: string): Promise<T>;
  delete<T = KubeObject>(path: string, body?: unknown): Promise<T>;
  /** Closes idle connections. */
  close(): void;
};

/** An answer that is not 2xx. */
export class ApiFailure extends Error {
  readonly status: number;
  constructor(method: Method, path: string, answer: RawAnswer) {
    super(`${method} ${path}: ${answer.status} ${answer.text}`);
    this.status = answer.status;
  }
}

export type ClientOptions = {
  readonly port: number;
  readonly ca: string;
  readonly pair?: KeyPair;
  readonly token?: string;
};

/** A client for the server on this port of the loopback address. */
export function makeClient({ port, ca, pair, token }: ClientOptions): Client {
  const agent = new Agent({ keepAlive: true, ca, ...(pair && { cert: pair.cert, key: pair.key }) });
  const send: Client["request"] = (method, path, body, contentType) =>
    new Promise((done, fail) => {
      const headers = {
        accept: "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && {
          // Node frames the body of a DELETE only when told its length.
          "content-length": Buffer.byteLength(JSON.stringify(body)),
          "content-type":
            contentType ?? (method === "PATCH" ? "application/merge-patch+json" : "application/json"),
        }),
      };
      const sent = request({ host: "127.0.0.1", port, agent, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () =>
          done({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }),
        );
      });
      sent.on("error", fail);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const ask = async <T>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T> => {
    let answer = await send(method, path, body, contentType);
    // "Storage is (re)initializing", for a moment after a start: every client of Kubernetes asks again.
    for (; answer.status === 429; answer = await send(method, path, body, contentType)) await sleep(50);
    if (answer.status < 200 || answer.status > 299) throw new ApiFailure(method, path, answer);
    return JSON.parse(answer.text) as T;
  };
  return {
    request: send,
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    put: (path, body) => ask("PUT", path, body),
    patch: (path, body, contentType) => ask("PATCH", path, body, contentType),
    delete: (path, body) => ask("DELETE", path, body),
    close: () => agent.destroy(),
  };
}
