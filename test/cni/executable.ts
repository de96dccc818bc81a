// SPDX-License-Identifier: Apache-2.0
// The real executable, built from the sources, and servers to call.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import type { IpamHandlers } from "../../lib/rpc/handlers.ts";
import { startRpcServer } from "../../lib/rpc/server.ts";
import { buildPlugin } from "../../scripts/build-plugin.ts";
import { type Outcome, run } from "../support/executables.ts";

export const plugin = await buildPlugin({
  arch: process.arch === "arm64" ? "arm64" : "amd64",
  outDir: resolve(import.meta.dirname, "../../dist"),
  log: () => undefined,
});

export type ExecutableCall = {
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly ipam: Readonly<Record<string, unknown>>;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly stdin?: string | Buffer;
  /** A program and its arguments that run the plugin; else it is run itself. */
  readonly under?: readonly string[];
};

export type TimedOutcome = Outcome & { readonly elapsedMs: number };

export async function callExecutable(call: ExecutableCall): Promise<TimedOutcome> {
  const conf = {
    cniVersion: "1.1.0",
    name: "net",
    ipam: { logFile: "/dev/null", ...call.ipam },
    ...call.conf,
  };
  const [file, ...args] = [...(call.under ?? []), plugin];
  const env = {
    CNI_COMMAND: call.command ?? "ADD",
    CNI_CONTAINERID: "container-1",
    CNI_NETNS: "/run/netns/not-there",
    CNI_IFNAME: "net1",
    CNI_PATH: "/opt/cni/bin",
    CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAME=pod;K8S_POD_NAMESPACE=ns",
    ...call.env,
  };
  const began = performance.now();
  const outcome = await run(file!, args, { env, input: call.stdin ?? JSON.stringify(conf) });
  return { ...outcome, elapsedMs: performance.now() - began };
}

/** A directory of the test's own; short, because a socket's path has 107 bytes at most. */
export function temporaryDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), "nv-ipam-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** The one error document of a failed call; throws when there is anything else. */
export function errorOf({ status, stdout, stderr }: Outcome): { code: number; msg: string } {
  if (status !== 1) throw new Error(`exit status ${status}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** A raw server on a socket of the test's own, closed with all its connections when the test ends. */
export async function serve(t: Test, onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(temporaryDirectory(t), "socket");
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // the plugin closes when it is done
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(path);
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `unix://${path}`;
}

/** The daemon's service; what is not given answers Unimplemented. */
export async function serveDaemon(
  t: Test,
  address: string,
  handlers: Partial<IpamHandlers>,
): Promise<string> {
  const missing = () => Promise.reject(new RpcError(Code.Unimplemented, "not in this daemon"));
  const server = await startRpcServer({
    address,
    health: { serving: () => true, onChange: () => () => undefined },
    handlers: {
      allocate: missing,
      isAllocated: missing,
      deallocate: missing,
      checkPools: missing,
      collectGarbage: missing,
      listPools: missing,
      listReservations: missing,
      releaseReservations: missing,
      checkStore: missing,
      exportStore: missing,
      ...handlers,
    },
  });
  t.teardown(() => server.stop(0));
  return server.address;
}

/** Gives 10.0.0.1/24 to everybody. */
export const giveOne: IpamHandlers["allocate"] = async () => ({
  allocations: [{ pool: "p", ip: "10.0.0.1/24", gateway: "10.0.0.254", poolType: 1, routes: [] }],
});
