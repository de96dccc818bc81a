// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { type RpcError, toRpcError } from "../rpc/error.ts";
import { type PoolInfo, ServingStatus } from "../rpc/messages.ts";
import type { CheckFinding } from "./check-finding.ts";
import { checkStoreFile, storeFinding } from "./check-store.ts";
import type { openDaemon } from "./daemon-source.ts";
import type { Place } from "./place.ts";
import { poolTypeName } from "./pool-type.ts";
import { findSilence } from "./reach.ts";
import { loadDaemonSource } from "./with-source.ts";

type Daemon = ReturnType<typeof openDaemon>;

/** Whether the daemon answers and what it finds in its store; without one, what the store itself holds. */
export async function checkDaemon(place: Place): Promise<CheckFinding[]> {
  const silence = await findSilence(place.bindAddress);
  if (silence !== undefined) {
    const fix = "start ipam-node, or name its --bind-address";
    return [
      { check: "socket", severity: "error", message: silence, fix },
      ...checkStoreFile(place.storeFile),
    ];
  }
  const daemon = (await loadDaemonSource()).openDaemon(place);
  try {
    return await askDaemon(daemon, place);
  } catch (error) {
    return [callFinding(toRpcError(error))];
  } finally {
    daemon.close();
  }
}

/** Rejects with RpcError when the daemon cannot tell. */
async function askDaemon(daemon: Daemon, { bindAddress }: Place): Promise<CheckFinding[]> {
  const status = await daemon.serves();
  const store = (await daemon.checkStore()).map(storeFinding);
  const pools = (await daemon.listPools()).pools.flatMap(staleFinding);
  if (status === ServingStatus.serving) return [...store, ...pools];
  const message = `the daemon at ${bindAddress} answers, but it does not serve`;
  const fix = "wait until it has read the pools; if that lasts, its log says why";
  return [{ check: "socket", severity: "error", message, fix }, ...store, ...pools];
}

function callFinding({ code, message }: RpcError): CheckFinding {
  switch (code) {
    case Code.Unimplemented:
      return {
        check: "socket",
        severity: "error",
        message,
        fix: "to look into it, stop the Go daemon and start ipam-node in its place",
      };
    case Code.Unavailable:
      return {
        check: "store",
        severity: "error",
        message,
        fix: "do as the message says; pods get no address until then",
      };
    default:
      return {
        check: "socket",
        severity: "error",
        message,
        fix: "look into the daemon's log, then restart it",
      };
  }
}

function staleFinding({ pool, poolType, staleReason }: PoolInfo): CheckFinding[] {
  if (staleReason === "") return [];
  const message = `the share of pool "${pool}", poolType "${poolTypeName(poolType)}" is not the pool's current one: ${staleReason}`;
  return [
    {
      check: "pools",
      severity: "warning",
      message,
      fix: "correct the pool; until then the old share is used",
    },
  ];
}
