// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import { IPAM_SERVICE } from "../rpc/messages.ts";
import type { MessageType } from "../rpc/protobuf.ts";
import { UnaryCall } from "../rpc/unary-call.ts";
import type { DaemonAddress } from "./daemon-address.ts";
import type { ConnectOutcome, Platform } from "./platform.ts";

const RETRY_MS = 50;

/** A request on its way: RPC name, encoded message, deadline on the monotonic clock. */
export type DaemonRequest = {
  readonly rpc: string;
  readonly message: Uint8Array;
  readonly deadlineMs: number;
};

/** One RPC: the encoded answer; throws RpcError. */
export type DaemonCall = (request: DaemonRequest) => Uint8Array;

/** Calls over the platform's network, each on a connection of its own. */
export function connectDaemon(platform: Platform, address: DaemonAddress): DaemonCall {
  return (request) => {
    connect(platform, address, request.deadlineMs);
    return exchange(platform, address, request);
  };
}

export type Rpc<Q, A> = {
  readonly name: string;
  readonly request: MessageType<Q>;
  readonly response: MessageType<A>;
};

/** Encodes, calls and decodes; throws RpcError, and Error when the answer cannot be decoded. */
export function callDaemon<Q, A>(
  call: DaemonCall,
  rpc: Rpc<Q, A>,
  request: Partial<Q>,
  deadlineMs: number,
): A {
  const answer = call({ rpc: rpc.name, message: rpc.request.encode(request), deadlineMs });
  try {
    return rpc.response.decode(answer);
  } catch (error) {
    throw new Error(`unexpected response from IPAM daemon: ${(error as Error).message}`);
  }
}

/** A daemon that is being restarted is not there for a moment: what is missing or refuses is tried until the deadline. */
function connect(platform: Platform, { targets }: DaemonAddress, deadlineMs: number): void {
  for (;;) {
    let problem = "";
    let absent = false;
    for (const { endpoint, name } of targets) {
      const outcome: ConnectOutcome = platform.connect(endpoint, deadlineMs);
      if (outcome.state === "connected") return;
      if (outcome.state === "expired") throw new RpcError(Code.DeadlineExceeded, "context deadline exceeded");
      absent ||= outcome.state === "absent";
      problem ||= `connection error: desc = "transport: Error while dialing: dial ${name}: connect: ${outcome.reason}"`;
    }
    if (!absent || platform.monotonicMs() >= deadlineMs) throw new RpcError(Code.Unavailable, problem);
    platform.sleepUntil(Math.min(platform.monotonicMs() + RETRY_MS, deadlineMs));
  }
}

function exchange(platform: Platform, { authority }: DaemonAddress, request: DaemonRequest): Uint8Array {
  const { deadlineMs } = request;
  const now = () => platform.monotonicMs();
  const call = new UnaryCall({
    path: `/${IPAM_SERVICE}/${request.rpc}`,
    authority,
    message: request.message,
    timeoutMs: Math.max(Math.ceil(deadlineMs - now()), 1),
    now,
    deadlineMs,
  });
  while (call.result === undefined) step(platform, call, deadlineMs);
  if ("error" in call.result) throw call.result.error;
  return call.result.message;
}

/** Writes what there is to write, reads what comes. Also a peer that never stops sending meets the deadline. */
function step(platform: Platform, call: UnaryCall, deadlineMs: number): void {
  try {
    const outgoing = call.takeOutgoing();
    const isSent = platform.monotonicMs() < deadlineMs && (!outgoing || platform.send(outgoing, deadlineMs));
    const incoming = isSent ? platform.receive(deadlineMs) : undefined;
    if (incoming === undefined) call.expire();
    else call.feed(incoming);
  } catch (error) {
    call.fail(Code.Unavailable, `error reading from server: ${(error as Error).message}`);
  }
}
