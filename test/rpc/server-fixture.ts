// SPDX-License-Identifier: Apache-2.0
// A server with handlers that a test replaces one by one, on a socket of its own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import type { IpamHandlers } from "../../lib/rpc/handlers.ts";
import type { HealthSource } from "../../lib/rpc/health-service.ts";
import { type RpcServer, type RpcServerOptions, startRpcServer } from "../../lib/rpc/server.ts";

export type Health = HealthSource & { set(serving: boolean): void; readonly listeners: number };

export function health(): Health {
  const listeners = new Set<() => void>();
  let serving = true;
  return {
    serving: () => serving,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(value) {
      serving = value;
      for (const listener of listeners) listener();
    },
    get listeners() {
      return listeners.size;
    },
  };
}

export function handlers(replaced: Partial<IpamHandlers>): IpamHandlers {
  const none = async (): Promise<never> => {
    throw new RpcError(Code.Unimplemented, "not in this test");
  };
  return {
    allocate: none,
    isAllocated: none,
    deallocate: none,
    checkPools: none,
    collectGarbage: none,
    listPools: none,
    listReservations: none,
    releaseReservations: none,
    checkStore: none,
    exportStore: none,
    ...replaced,
  };
}

export async function temporaryDirectory(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rpc-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export type Served = RpcServer & { readonly socketPath: string };

/** Stopped at the end of the test, unless it was before. */
export async function serve(
  t: Test,
  replaced: Partial<IpamHandlers> = {},
  options: Partial<RpcServerOptions> = {},
): Promise<Served> {
  const socketPath = join(await temporaryDirectory(t), "s");
  const server = await startRpcServer({
    address: `unix://${socketPath}`,
    handlers: handlers(replaced),
    health: health(),
    ...options,
  });
  let stopped: Promise<void> | undefined;
  const stop = (graceMs: number): Promise<void> => {
    stopped ??= server.stop(graceMs);
    return stopped;
  };
  t.teardown(() => stop(0));
  return { address: server.address, stop, socketPath };
}
