// SPDX-License-Identifier: Apache-2.0
// One gRPC call as the server sees it: an HTTP/2 stream ("gRPC over HTTP2").
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";
import { frameMessage, MessageReader } from "./message-framing.ts";
import { encodeGrpcMessage, parseGrpcTimeout } from "./wire-metadata.ts";

const RESPONSE_HEADERS = { ":status": 200, "content-type": "application/grpc" };
/** A date is of no use to a caller on the same host, and costs the plugin its decoding. */
const WITHOUT_DATE = { sendDate: false };

export class ServerCall {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly #stream: ServerHttp2Stream;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.path = headers[":path"] ?? "";
    this.#stream = stream;
    // A stream that breaks closes next; there is nobody left to tell.
    stream.on("error", () => undefined);
    stream.on("close", () => this.#giveUp());
    const timeoutMs = parseGrpcTimeout(headers["grpc-timeout"]);
    if (timeoutMs === undefined) return;
    if (Number.isNaN(timeoutMs)) this.fail(new RpcError(Code.Internal, "malformed grpc-timeout"));
    else this.#timer = setTimeout(() => this.#expire(), timeoutMs);
  }

  /** Aborted, with Canceled as its reason, when the caller has gone or its deadline has passed before the answer. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The one message of the request; rejects with RpcError when there is none, or when the call ends before. */
  readMessage(maxSize: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(canceled());
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
      const reader = new MessageReader(maxSize);
      const attempt = (step: () => void): void => {
        try {
          step();
        } catch (error) {
          this.#stream.off("data", give); // else the rest would be kept for nobody
          reject(error);
        }
      };
      const give = (chunk: Buffer): void => attempt(() => reader.give(chunk));
      this.#stream.on("data", give);
      this.#stream.on("end", () => attempt(() => resolve(reader.end())));
    });
  }

  /** Ends the call with its one answer. */
  answer(message: Uint8Array): void {
    if (!this.#isHeard()) return;
    this.begin();
    this.#finish();
    this.#stream.end(frameMessage(message));
  }

  /** Begins a stream of answers. */
  begin(): void {
    if (!this.#isHeard()) return;
    this.#stream.respond(RESPONSE_HEADERS, { ...WITHOUT_DATE, waitForTrailers: true });
    this.#stream.on("wantTrailers", () => this.#stream.sendTrailers({ "grpc-status": "0" }));
  }

  /** One more answer of a stream. */
  write(message: Uint8Array): void {
    if (this.#isHeard()) this.#stream.write(frameMessage(message));
  }

  /** Ends the call without an answer, or breaks a stream of them off. */
  fail({ code, message }: RpcError): void {
    if (!this.#isHeard()) return;
    this.#finish();
    const status = { "grpc-status": String(code), "grpc-message": encodeGrpcMessage(message) };
    if (this.#stream.headersSent) {
      this.#stream.removeAllListeners("wantTrailers");
      this.#stream.on("wantTrailers", () => this.#stream.sendTrailers(status));
      this.#stream.end();
    } else {
      this.#stream.respond({ ...RESPONSE_HEADERS, ...status }, { ...WITHOUT_DATE, endStream: true });
    }
    if (!this.#stream.readableEnded) this.#refuseRest();
  }

  /** False also between a reset and the stream's event that tells of it: speaking would throw. */
  #isHeard(): boolean {
    if (this.#stream.destroyed || this.#stream.closed) this.#giveUp();
    return !this.#isOver;
  }

  /** What may still come of the request is not wanted: so says a reset after the response (RFC 9113 section 8.1). */
  #refuseRest(): void {
    this.#stream.resume();
    const close = (): void => this.#stream.close(constants.NGHTTP2_NO_ERROR);
    if (this.#stream.writableFinished) setImmediate(close);
    else this.#stream.once("finish", () => setImmediate(close));
  }

  #expire(): void {
    this.#abort();
    this.fail(new RpcError(Code.DeadlineExceeded, "context deadline exceeded"));
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#abort();
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #abort(): void {
    this.#controller.abort(canceled());
  }
}

function canceled(): RpcError {
  return new RpcError(Code.Canceled, "request has been canceled");
}
