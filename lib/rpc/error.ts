// SPDX-License-Identifier: Apache-2.0
import { Code, codeName } from "./code.ts";

/** What a call fails with, on both ends of the wire: `message` is the description without code. */
export class RpcError extends Error {
  readonly code: number;
  /** Nothing was done for the call, and it may be made again that much later (gRPC's grpc-retry-pushback-ms). */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: number,
    description: string,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined },
  ) {
    super(description, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }

  /** As Go's status errors print, which is what runtimes show to users. */
  describe(): string {
    return `rpc error: code = ${codeName(this.code)} desc = ${this.message}`;
  }
}

/** The funnel from anything thrown: what is no RpcError is Internal with its message. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError(Code.Internal, causeText(error), { cause: error });
}

/** What went wrong in words, for the end of a message. */
export function causeText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
