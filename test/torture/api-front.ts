// SPDX-License-Identifier: Apache-2.0
// A door before a real API server that answers what it is told to: load shedding, errors, silence, cut connections.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ApiServer } from "../support/api-server.ts";

/** Statuses to answer with instead of asking the API server; "silence": to accept and never answer; "pass": none. */
export type FrontMode = "pass" | "silence" | readonly number[];

export type ApiFront = {
  /** The kubeconfig to give to a program instead of the one the front was made of. */
  readonly kubeconfig: string;
  /** How many requests were not passed on so far. */
  refused(): number;
  /** Also ends every connection there is, so that watches have to come again. */
  set(mode: FrontMode): void;
  stop(): Promise<void>;
};

type Kubeconfig = {
  readonly clusters: readonly { readonly cluster: { server: string } }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
};

const decode = (text = ""): string => Buffer.from(text, "base64").toString();

/** What kube-apiserver says when it sheds load or breaks. */
function failure(code: number): string {
  const reason = code === 429 ? "TooManyRequests" : "InternalError";
  const message = `torture: ${reason}`;
  return JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", message, reason, code });
}

/** Opens the front for the user of the kubeconfig. */
export async function openFront(server: ApiServer, kubeconfigPath: string): Promise<ApiFront> {
  const config = JSON.parse(readFileSync(kubeconfigPath, "utf8")) as Kubeconfig;
  const { user } = config.users[0]!;
  const ca = readFileSync(server.caFile);
  const pair = { cert: decode(user["client-certificate-data"]), key: decode(user["client-key-data"]) };
  const agent = new Agent({ keepAlive: true, ca, ...pair });
  const sockets = new Set<Socket>();
  let mode: FrontMode = "pass";
  let refused = 0;

  const pass = (asked: IncomingMessage, answer: ServerResponse): void => {
    const { method = "GET", url = "/", headers } = asked;
    const target = { host: "127.0.0.1", port: server.port, agent, method, path: url, headers };
    const forwarded = request(target, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.on("error", () => answer.destroy());
      response.pipe(answer);
      response.on("data", () => answer.flushHeaders());
    });
    forwarded.on("error", () => answer.destroy());
    answer.on("close", () => forwarded.destroy());
    asked.pipe(forwarded);
  };
  const identity = server.authority.issueServer(server.dir, ["IP:127.0.0.1"]);
  const front = createServer({ cert: identity.cert, key: identity.key }, (asked, answer) => {
    if (mode === "pass") return pass(asked, answer);
    refused++;
    asked.resume();
    if (mode === "silence") return;
    const status = mode[refused % mode.length]!;
    answer.writeHead(status, { "content-type": "application/json", "retry-after": "1" });
    answer.end(failure(status));
  });
  front.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const { port } = front.address() as AddressInfo;
  config.clusters[0]!.cluster.server = `https://127.0.0.1:${port}`;
  const kubeconfig = `${kubeconfigPath}-front-${port}`;
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    kubeconfig,
    refused: () => refused,
    set: (next) => {
      mode = next;
      cut();
    },
    stop: async () => {
      const closed = once(front, "close");
      front.close();
      cut();
      agent.destroy();
      await closed;
    },
  };
}
