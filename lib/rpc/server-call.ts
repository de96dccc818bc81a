// SPDX-License-Identifier: Apache-2.0
// One gRPC call as the server sees it: an HTTP/2 stream ("gRPC over HTTP2").
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";
import type { CallContext } from "./handlers.ts";
import { encodeHeaders, NO_TABLE } from "./hpack.ts";
import { MessageReader } from "./message-framing.ts";
import { prefixed } from "./message-prefix.ts";
import type { ServerStream, StreamListener } from "./server-stream.ts";
import { encodeGrpcMessage, parseGrpcTimeout } from "./wire-metadata.ts";
import { findHeader } from "./wire-status.ts";

/** ":status" 200 is entry 8 of the static table (RFC 7541, appendix A). */
const RESPONSE = `${NO_TABLE}\x88${encodeHeaders([["content-type", "application/grpc"]])}`;
const SUCCESS = encodeHeaders([["grpc-status", "0"]]);

/**
 * Is over with its answer or failure, when the caller goes, or at its deadline (grpc-timeout), which it watches itself; what is
 * said after that is dropped without an error. A deadline that cannot be read has failed it before anybody sees it.
 */
export class ServerCall implements StreamListener, CallContext {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly #stream: ServerStream;
  readonly #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  #isOver = false;
  #body:
    | { readonly reader: MessageReader; resolve(message: Uint8Array): void; reject(error: unknown): void }
    | undefined;

  constructor(stream: ServerStream, path: string) {
    this.path = path;
    this.#stream = stream;
    stream.listen(this);
    const timeoutMs = parseGrpcTimeout(findHeader(stream.headers, "grpc-timeout"));
    if (timeoutMs === undefined) return;
    if (Number.isNaN(timeoutMs)) this.fail(new RpcError(Code.Internal, "malformed grpc-timeout"));
    else this.#timer = setTimeout(() => this.#expire(), timeoutMs);
  }

  get aborted(): boolean {
    return this.#isAborted;
  }

  /** Aborted, with Canceled as its reason, when the caller has gone or its deadline has passed before the answer. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort(canceled());
    return this.#controller.signal;
  }

  /** The one message of the request; rejects with RpcError when there is none, or when the call ends before. */
  readMessage(maxSize: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) reject(canceled());
      else this.#body = { reader: new MessageReader(maxSize), resolve, reject };
    });
  }

  /** Ends the call with its one answer, octets. */
  answer(message: string): void {
    if (this.#isOver) return;
    this.begin();
    this.write(message);
    this.#finish();
    this.#stream.end(SUCCESS);
  }

  /** Begins a stream of answers. */
  begin(): void {
    if (!this.#isOver) this.#stream.begin(RESPONSE);
  }

  /** One more answer of a stream, octets. */
  write(message: string): void {
    if (!this.#isOver) this.#stream.write(prefixed(message));
  }

  /** Ends the call without an answer, or breaks a stream of them off. */
  fail({ code, message, retryAfterMs }: RpcError): void {
    if (this.#isOver) return;
    this.#finish();
    const status = encodeHeaders([
      ["grpc-status", String(code)],
      ["grpc-message", encodeGrpcMessage(message)],
      ...(retryAfterMs === undefined ? [] : [["grpc-retry-pushback-ms", String(retryAfterMs)] as const]),
    ]);
    this.#stream.end(this.#stream.hasBegun ? status : RESPONSE + status);
  }

  onData(chunk: Uint8Array): void {
    this.#read((reader) => reader.give(chunk));
  }

  onEnd(): void {
    this.#read((reader) => this.#body?.resolve(reader.end()));
  }

  onGone(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#abort();
  }

  #read(step: (reader: MessageReader) => void): void {
    if (this.#body === undefined) return;
    try {
      step(this.#body.reader);
    } catch (error) {
      this.#body.reject(error);
      this.#body = undefined; // the rest would be kept for nobody
    }
  }

  #expire(): void {
    this.#abort();
    this.fail(new RpcError(Code.DeadlineExceeded, "context deadline exceeded"));
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #abort(): void {
    this.#isAborted = true;
    this.#controller?.abort(canceled());
    this.#body?.reject(canceled());
  }
}

function canceled(): RpcError {
  return new RpcError(Code.Canceled, "request has been canceled");
}
