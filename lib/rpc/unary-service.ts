// SPDX-License-Identifier: Apache-2.0
// A handler of ours as a unary call of grpc-js.
import type { handleUnaryCall, ServerUnaryCall, ServiceError, sendUnaryData } from "@grpc/grpc-js";
import { Metadata } from "@grpc/grpc-js";
import { Code } from "./code.ts";
import { RpcError, toRpcError } from "./error.ts";
import { asBuffer } from "./grpc-js.ts";
import type { CallContext } from "./handlers.ts";
import type { Method } from "./methods.ts";

/** Told of what was thrown that is no RpcError: a fault of the daemon, not an answer. */
export type UnexpectedErrorLog = {
  error(message: string, error: unknown, fields?: Readonly<Record<string, unknown>>): void;
};

/** Beyond this a status message holds somebody's overlong input; peers bound what headers they take. */
const MAX_DESCRIPTION_LENGTH = 8192;

/** As grpc-js wants it. Lone surrogates would make its percent-encoding throw. */
export function toServiceError(error: RpcError): ServiceError {
  const text = error.message.toWellFormed();
  const isLong = text.length > MAX_DESCRIPTION_LENGTH;
  const details = isLong ? `${text.slice(0, MAX_DESCRIPTION_LENGTH).toWellFormed()}…` : text;
  return Object.assign(new Error(details), { code: error.code, details, metadata: new Metadata() });
}

/** grpc-js also starts calls that have ended before their request was read whole. */
export function isOver(call: { readonly cancelled: boolean; getDeadline(): number | Date }): boolean {
  return call.cancelled || Number(call.getDeadline()) <= Date.now();
}

/** The caller's end of the call, as an AbortSignal; `finish` tells that the answer has been given before. */
function callerSignal(call: ServerUnaryCall<Buffer, Buffer>): { signal: AbortSignal; finish: () => void } {
  const controller = new AbortController();
  let finished = false;
  // grpc-js also emits this after the answer.
  const abort = (): void => {
    if (!finished) controller.abort(new RpcError(Code.Canceled, "request has been canceled"));
  };
  if (isOver(call)) abort();
  call.once("cancelled", abort);
  return {
    signal: controller.signal,
    finish: () => {
      finished = true;
    },
  };
}

/** Throws RpcError. */
export function decodeRequest<Request>(method: Method<Request, unknown>, bytes: Buffer): Request {
  try {
    return method.request.decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RpcError(Code.Internal, `grpc: error unmarshalling request: ${reason}`, { cause: error });
  }
}

/** Every error of the handler becomes the call's status; one that is no RpcError is Internal, and logged. */
export function unaryService<Request, Response>(
  method: Method<Request, Response>,
  handler: (request: Request, context: CallContext) => Promise<Response>,
  log: UnexpectedErrorLog | undefined,
): handleUnaryCall<Buffer, Buffer> {
  const answer = async (call: ServerUnaryCall<Buffer, Buffer>, signal: AbortSignal): Promise<Buffer> => {
    signal.throwIfAborted();
    const response = await handler(decodeRequest(method, call.request), { signal });
    return asBuffer(method.response.encode(response));
  };
  return (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => {
    const { signal, finish } = callerSignal(call);
    answer(call, signal).then(
      (bytes) => {
        finish();
        respond(null, bytes);
      },
      (error: unknown) => {
        finish();
        if (!(error instanceof RpcError)) log?.error("call failed", error, { method: method.path });
        respond(toServiceError(toRpcError(error)));
      },
    );
  };
}
