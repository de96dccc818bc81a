// SPDX-License-Identifier: Apache-2.0
import { Code } from "../rpc/code.ts";
import { RpcError } from "../rpc/error.ts";
import { IPAM_SERVICE } from "../rpc/messages.ts";
import type { MessageType } from "../rpc/protobuf.ts";
import { UnaryCall, type UnaryCallResult } from "../rpc/unary-call.ts";
import type { DaemonAddress } from "./daemon-address.ts";
import type { ConnectOutcome, Platform } from "./platform.ts";

const RETRY_MS = 50;
const REPLY_PAUSE_MS = 5;
/** Acknowledgements are shorter; a request that waited for its windows is not kept waiting. */
const LONGEST_REPLY = 100;

/** A request on its way: RPC name, message encoded as octets, deadline on the monotonic clock. */
export type DaemonRequest = {
  readonly rpc: string;
  readonly message: string;
  readonly deadlineMs: number;
};

/** One RPC: the encoded answer; throws RpcError. */
export type DaemonCall = (request: DaemonRequest) => Uint8Array;

/** Calls over the platform's network, each on a connection of its own. One that a busy daemon puts off is made again in time. */
export function connectDaemon(platform: Platform, address: DaemonAddress): DaemonCall {
  return (request) => {
    for (;;) {
      connect(platform, address, request.deadlineMs);
      const result = exchange(platform, address, request);
      if ("message" in result) return result.message;
      const { retryAfterMs } = result.error;
      const againMs = platform.monotonicMs() + spread(retryAfterMs ?? 0);
      if (retryAfterMs === undefined || againMs >= request.deadlineMs) throw result.error;
      platform.sleepUntil(againMs);
    }
  };
}

/** Those that were put off together do not come back together. */
function spread(delayMs: number): number {
  return delayMs * (0.5 + Math.random());
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
  const answer = call({ rpc: rpc.name, message: rpc.request.encodeOctets(request), deadlineMs });
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

function exchange(platform: Platform, { authority }: DaemonAddress, request: DaemonRequest): UnaryCallResult {
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
  const line: Line = { platform, call, deadlineMs, unsent: "" };
  let isAsked = false;
  while (call.result === undefined) {
    step(line, isAsked);
    isAsked = true;
  }
  return call.result;
}

type Line = {
  readonly platform: Platform;
  readonly call: UnaryCall;
  readonly deadlineMs: number;
  /** What the call has said and the peer has not been sent yet. */
  unsent: string;
};

/** Writes what there is to write, reads what comes. Also a peer that never stops sending meets the deadline. */
function step(line: Line, isAsked: boolean): void {
  const { call } = line;
  try {
    line.unsent += call.takeOutgoing();
    const incoming = (isAsked && receiveSoon(line)) || sendAndReceive(line);
    if (incoming === undefined) call.expire();
    else call.feed(incoming);
  } catch (error) {
    call.fail(Code.Unavailable, `error reading from server: ${(error as Error).message}`);
  }
}

/**
 * The acknowledgement of the server's SETTINGS waits a moment for the answer, which makes it needless: else the daemon
 * reads it in the middle of its work. undefined: nothing to wait with, or nothing came.
 */
function receiveSoon({ platform, deadlineMs, unsent }: Line): Uint8Array | undefined {
  const nowMs = platform.monotonicMs();
  if (unsent === "" || unsent.length > LONGEST_REPLY || nowMs >= deadlineMs) return undefined;
  return platform.receive(Math.min(nowMs + REPLY_PAUSE_MS, deadlineMs));
}

/** undefined: the deadline has passed. */
function sendAndReceive(line: Line): Uint8Array | undefined {
  const { platform, deadlineMs, unsent } = line;
  line.unsent = "";
  if (platform.monotonicMs() >= deadlineMs) return undefined;
  if (unsent !== "" && !platform.send(unsent, deadlineMs)) return undefined;
  return platform.receive(deadlineMs);
}
