// SPDX-License-Identifier: Apache-2.0
// The response of a unary call from its header blocks and data: gRPC over HTTP/2, "Responses".
import { NO_BYTES, readUint32 } from "./bytes.ts";
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";
import type { Header } from "./hpack.ts";
import { findHeader, responseHeadersError, trailersError } from "./wire-status.ts";

/** gRPC's usual limit. */
const MAX_MESSAGE_SIZE = 4 << 20;
const PREFIX_SIZE = 5;

/** Each method throws RpcError when the call has failed. */
export class UnaryResponse {
  #started = false;
  #encoding: string | undefined;
  /** Prefix and message; grows with what comes, because a length is only a claim. */
  #body: Uint8Array = NO_BYTES;
  #received = 0;

  /** A header block of the stream. The message once it ends the call, undefined before. */
  takeHeaders(headers: readonly Header[], endStream: boolean): Uint8Array | undefined {
    if (!this.#started) {
      if (isInformational(headers) && !endStream) return undefined;
      const error = responseHeadersError(headers);
      if (error !== undefined) throw error;
      this.#started = true;
      this.#encoding = findHeader(headers, "grpc-encoding");
    } else if (!endStream) {
      throw new RpcError(Code.Internal, "a HEADERS frame cannot appear in the middle of a stream");
    }
    if (!endStream) return undefined;
    const error = trailersError(headers);
    if (error !== undefined) throw error;
    return this.#message();
  }

  takeData(data: Uint8Array, endStream: boolean): void {
    if (!this.#started) throw new RpcError(Code.Internal, "received DATA before the response's headers");
    this.#append(data);
    if (this.#received >= PREFIX_SIZE) this.#checkPrefix();
    if (endStream) {
      throw new RpcError(Code.Internal, "server closed the stream without sending trailers");
    }
  }

  #append(data: Uint8Array): void {
    const needed = this.#received + data.length;
    if (needed > this.#body.length) {
      const grown = new Uint8Array(Math.max(needed, this.#body.length * 2));
      grown.set(this.#body.subarray(0, this.#received));
      this.#body = grown;
    }
    this.#body.set(data, this.#received);
    this.#received = needed;
  }

  #checkPrefix(): void {
    const flag = this.#body[0]!;
    const length = readUint32(this.#body, 1);
    if (flag === 1) throw this.#compressed();
    if (flag !== 0) throw new RpcError(Code.Internal, `grpc: received unexpected payload format ${flag}`);
    if (length > MAX_MESSAGE_SIZE) {
      const text = `grpc: received message larger than max (${length} vs. ${MAX_MESSAGE_SIZE})`;
      throw new RpcError(Code.ResourceExhausted, text);
    }
    if (this.#received > PREFIX_SIZE + length) {
      throw new RpcError(Code.Internal, "cardinality violation: received more than one response message");
    }
  }

  #compressed(): RpcError {
    if (this.#encoding === undefined || this.#encoding === "identity") {
      return new RpcError(Code.Internal, "grpc: compressed flag set with identity or empty encoding");
    }
    const encoding = JSON.stringify(this.#encoding);
    return new RpcError(Code.Unimplemented, `grpc: no decompressor for grpc-encoding ${encoding}`);
  }

  #message(): Uint8Array {
    if (this.#received === 0) {
      throw new RpcError(Code.Internal, "cardinality violation: received no response message");
    }
    if (this.#received < PREFIX_SIZE || this.#received < PREFIX_SIZE + readUint32(this.#body, 1)) {
      throw new RpcError(Code.Internal, "unexpected EOF");
    }
    return this.#body.subarray(PREFIX_SIZE, this.#received);
  }
}

/** 1xx responses come before the final one and mean nothing here. */
function isInformational(headers: readonly Header[]): boolean {
  const status = findHeader(headers, ":status") ?? "";
  return status !== "200" && /^1\d\d$/.test(status);
}
