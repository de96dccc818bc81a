// SPDX-License-Identifier: Apache-2.0
// One unary gRPC call over one HTTP/2 connection of its own (RFC 9113, cleartext with prior knowledge), without I/O and
// without any platform: the caller writes what takeOutgoing() gives, and feeds what it reads, until there is a result.
import { Code } from "./code.ts";
import { causeText, RpcError } from "./error.ts";
import { FrameReader } from "./http2-frame.ts";
import { UnaryExchange } from "./unary-exchange.ts";

const MAX_TIMEOUT = 99999999;
/**
 * A server that gives the call up this close to our deadline does so because of it; its timer was a little faster, or
 * our read of the clock a little late.
 */
const GRACE_MS = 20;

export type UnaryCallOptions = {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly authority: string;
  /** The request, encoded, as octets. */
  readonly message: string;
  /** What the server is told to take at most. */
  readonly timeoutMs: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number;
  /** When the call must have its result, on that clock. */
  readonly deadlineMs: number;
};

/** The response, encoded, or why there is none. */
export type UnaryCallResult = { readonly message: Uint8Array } | { readonly error: RpcError };

export class UnaryCall {
  readonly #now: () => number;
  readonly #deadlineMs: number;
  readonly #reader = new FrameReader();
  readonly #exchange: UnaryExchange;
  #result: UnaryCallResult | undefined;

  constructor({ path, authority, message, timeoutMs, now, deadlineMs }: UnaryCallOptions) {
    this.#now = now;
    this.#deadlineMs = deadlineMs;
    const timeout = Math.min(Math.max(Math.ceil(timeoutMs), 1), MAX_TIMEOUT);
    const headers = [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", path],
      [":authority", authority],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ["grpc-timeout", `${timeout}m`],
    ] as const;
    this.#exchange = new UnaryExchange(headers, message);
  }

  /** Set once, by whichever of feed, expire and fail ends the call first. */
  get result(): UnaryCallResult | undefined {
    return this.#result;
  }

  /** The octets to write to the peer next; "" when there are none. */
  takeOutgoing(): string {
    return this.#exchange.takeOutgoing();
  }

  /**
   * Takes bytes read from the peer, which may be overwritten afterwards; none mean the end of the connection. Never
   * throws: whatever the peer sends ends this call at worst.
   */
  feed(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      this.fail(Code.Unavailable, `error reading from server: EOF${this.#exchange.goaway}`);
      return;
    }
    try {
      this.#reader.give(bytes);
      this.#receiveFrames();
    } catch (error) {
      this.#end(error);
    }
  }

  /** The deadline has passed. */
  expire(): void {
    this.fail(Code.DeadlineExceeded, "context deadline exceeded");
  }

  /** The caller knows of a failure, such as an error of the socket. */
  fail(code: number, description: string): void {
    this.#result ??= { error: new RpcError(code, description) };
  }

  #receiveFrames(): void {
    while (this.#result === undefined) {
      const frame = this.#reader.next();
      if (frame === undefined) return;
      const message = this.#exchange.receive(frame);
      if (message !== undefined) this.#result = { message };
    }
  }

  #end(thrown: unknown): void {
    if (thrown instanceof RpcError) {
      const isGivenUp = thrown.code === Code.DeadlineExceeded || thrown.code === Code.Canceled;
      if (isGivenUp && this.#now() >= this.#deadlineMs - GRACE_MS) this.expire();
      this.#result ??= { error: thrown };
      return;
    }
    const text = causeText(thrown);
    // Before its SETTINGS the peer may be no HTTP/2 server at all.
    if (this.#exchange.isEstablished) this.fail(Code.Internal, `http2: ${text}`);
    else this.fail(Code.Unavailable, `error reading server preface: http2: ${text}`);
  }
}
