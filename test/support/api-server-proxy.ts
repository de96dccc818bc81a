// SPDX-License-Identifier: Apache-2.0
// The network between a program under test and the API server, and what can happen to it.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { findFreePort } from "./api-server-program.ts";

export type ApiProxy = {
  /** https://127.0.0.1:PORT; the API server's certificate holds for it. */
  readonly url: string;
  /** A copy of the kubeconfig, beside it, that goes through the proxy. */
  kubeconfig(path: string): string;
  /** Connections open now. */
  open(): number;
  /** Connections accepted so far. */
  accepted(): number;
  /** Ends all connections; new ones work. */
  cut(): void;
  /** Ends all connections and refuses new ones, until restore. */
  refuse(): Promise<void>;
  /** Swallows every byte in both directions, also of new connections, without closing anything, until restore. */
  hang(): void;
  /** Works again; what was swallowed arrives now, as after a partition. */
  restore(): Promise<void>;
};

/** A TCP proxy on the loopback address to the port there; ends with the test. */
export async function startProxy(
  t: { teardown(end: () => unknown): void },
  target: number,
): Promise<ApiProxy> {
  const port = await findFreePort();
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let isHanging = false;
  let acceptedCount = 0;
  const pass = (act: () => void): void => void (isHanging ? held.push(act) : act());

  const link = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on("data", (chunk) => pass(() => to.write(chunk)));
    from.on("end", () => pass(() => to.end()));
    from.on("error", () => undefined); // "close" follows
    from.on("close", () => {
      sockets.delete(from);
      pass(() => to.destroy());
    });
  };
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    acceptedCount += 1;
    const upstream = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    link(client, upstream);
    link(upstream, client);
  });
  const listen = async (): Promise<void> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const refuse = async (): Promise<void> => {
    const closed = server.listening ? once(server, "close") : undefined;
    server.close();
    cut();
    await closed;
  };
  await listen();
  t.teardown(refuse);

  const url = `https://127.0.0.1:${port}`;
  return {
    url,
    kubeconfig: (path) => {
      const text = readFileSync(path, "utf8").replace(/https:\/\/127\.0\.0\.1:\d+/, url);
      writeFileSync(`${path}-${port}`, text, { mode: 0o600 });
      return `${path}-${port}`;
    },
    open: () => sockets.size / 2,
    accepted: () => acceptedCount,
    cut,
    refuse,
    hang: () => {
      isHanging = true;
    },
    restore: async () => {
      isHanging = false;
      for (const act of held.splice(0)) act();
      if (!server.listening) await listen();
    },
  };
}
