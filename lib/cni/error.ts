// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { causeText, RpcError } from "../rpc/error.ts";

/** Error codes of the CNI specification, and 999, which Go's libcni gives to everything else. */
export const CniCode = {
  incompatibleVersion: 1,
  invalidEnvironment: 4,
  ioFailure: 5,
  undecodable: 6,
  invalidNetworkConfig: 7,
  invalidNetns: 8,
  tryAgainLater: 11,
  /** STATUS: the plugin cannot serve ADD now. */
  notAvailable: 50,
  internal: 999,
} as const;

const RPC_CODE_BASE = 100;

/** What a CNI call fails with. `details` "": none. */
export class CniError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details = "") {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The funnel from anything thrown. The daemon's message stays whole in the message: runtimes print "msg; details". */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof RpcError)
    return new CniError(toCniCode(error.code), `grpc call failed: ${error.describe()}`);
  return new CniError(CniCode.internal, causeText(error));
}

/** The error document of the CNI specification. */
export function formatError({ code, message, details }: CniError, cniVersion: string): string {
  return JSON.stringify({ cniVersion, code, msg: message, ...(details !== "" && { details }) }, undefined, 4);
}

/** A status of the daemon as a CNI code: what may pass is "try again later", the rest keeps its number above 100. */
function toCniCode(rpcCode: number): number {
  if (rpcCode === Code.Unavailable || rpcCode === Code.DeadlineExceeded) return CniCode.tryAgainLater;
  return RPC_CODE_BASE + rpcCode;
}
