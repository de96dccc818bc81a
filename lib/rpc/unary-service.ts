// SPDX-License-Identifier: Apache-2.0
import { Code } from "./code.ts";
import { causeText, RpcError, toRpcError } from "./error.ts";
import type { CallContext } from "./handlers.ts";
import type { Method } from "./methods.ts";
import type { ServerCall } from "./server-call.ts";

/** The largest request that is taken. */
const MAX_REQUEST_SIZE = 4 << 20;

/** Told of what was thrown that is no RpcError: a fault of the daemon, not an answer. */
export type UnexpectedErrorLog = {
  error(message: string, error: unknown, fields?: Readonly<Record<string, unknown>>): void;
};

/** Answers calls of one method. Never throws and never rejects: what goes wrong is the call's status. */
export type CallService = (call: ServerCall) => Promise<void>;

/** The request of a call; rejects with RpcError. */
export async function readRequest<Request>(
  method: Method<Request, unknown>,
  call: ServerCall,
): Promise<Request> {
  const bytes = await call.readMessage(MAX_REQUEST_SIZE);
  try {
    return method.request.decode(bytes);
  } catch (error) {
    const reason = causeText(error);
    throw new RpcError(Code.Internal, `grpc: error unmarshalling request: ${reason}`, { cause: error });
  }
}

/** Every error of the handler becomes the call's status; one that is no RpcError is Internal, and logged. */
export function unaryService<Request, Response>(
  method: Method<Request, Response>,
  handler: (request: Request, context: CallContext) => Promise<Response>,
  log: UnexpectedErrorLog | undefined,
): CallService {
  return async (call) => {
    try {
      const request = await readRequest(method, call);
      call.answer(method.response.encodeOctets(await handler(request, call)));
    } catch (error) {
      if (!(error instanceof RpcError)) log?.error("call failed", error, { method: method.path });
      call.fail(toRpcError(error));
    }
  };
}
