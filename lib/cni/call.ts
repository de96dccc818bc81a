// SPDX-License-Identifier: Apache-2.0
import type { Config } from "./config.ts";
import { callDaemon, type DaemonCall, type Rpc } from "./daemon-call.ts";
import type { Command, Environment } from "./environment.ts";
import type { Stdin } from "./stdin.ts";
import type { CniVersion } from "./version.ts";

/** A CNI call whose environment and version are in order. */
export type CniCall = {
  readonly command: Command;
  readonly version: CniVersion;
  readonly environment: Environment;
  readonly stdin: Stdin;
  readonly config: Config;
  /** Milliseconds since the epoch when the plugin was started. */
  readonly beganAtMs: number;
};

/** Sends a request to the daemon within the call's deadline; throws RpcError. */
export type Send = <Q, A>(rpc: Rpc<Q, A>, request: Partial<Q>) => A;

/** What is to be done once the configuration is found good: it gives what belongs on stdout, or throws. */
export type Action = (send: Send) => string;

/** All requests of one call share its deadline, on the monotonic clock. */
export function sendUntil(deadlineMs: number, daemon: DaemonCall): Send {
  return (rpc, request) => callDaemon(daemon, rpc, request, deadlineMs);
}
