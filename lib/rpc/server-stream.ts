// SPDX-License-Identifier: Apache-2.0
import { grownWindow } from "./flow-window.ts";
import type { Header } from "./hpack.ts";
import {
  ErrorCode,
  encodeFrame,
  type Frame,
  FrameFlag,
  FrameType,
  Http2Error,
  hasFlag,
  MAX_FRAME_SIZE,
  unpadded,
} from "./http2-frame.ts";
import { uint32Octets } from "./octets.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { ServerOutput } from "./server-output.ts";

/** Told of what becomes of a request. */
export type StreamListener = {
  /** A part of the body; its bytes may be overwritten afterwards. */
  onData(chunk: Uint8Array): void;
  /** The request has been read whole. */
  onEnd(): void;
  /** The peer has taken the request back, or has gone, before the response was said whole. */
  onGone(): void;
};

/** One request and its response, as the server sees them (RFC 9113, section 5.1). */
export class ServerStream {
  readonly id: number;
  readonly headers: readonly Header[];
  readonly #output: ServerOutput;
  readonly #onClosed: (id: number) => void;
  readonly #received: ReceiveWindow;
  #listener: StreamListener | undefined;
  #sendWindow: number;
  #requestEnded = false;
  #isClosed = false;
  #hasBegun = false;
  /** Of the response: what the peer's windows hold back. */
  #waiting = "";
  /** The header block that ends it. */
  #trailers: string | undefined;

  constructor(
    { id, headers }: { readonly id: number; readonly headers: readonly Header[] },
    output: ServerOutput,
    onClosed: (id: number) => void,
  ) {
    this.id = id;
    this.headers = headers;
    this.#output = output;
    this.#onClosed = onClosed;
    this.#received = new ReceiveWindow(id, output);
    this.#sendWindow = output.initialStreamWindow;
  }

  /** What it waits for: the rest of the request, the service, or the peer, whose windows are closed. */
  get state(): "asking" | "answering" | "held back" {
    if (this.#waiting !== "") return "held back";
    return this.#requestEnded ? "answering" : "asking";
  }

  /** The whole request is here. */
  get requestEnded(): boolean {
    return this.#requestEnded;
  }

  /** Whether the response has begun. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  listen(listener: StreamListener): void {
    this.#listener = listener;
  }

  /** Begins the response. `block`: its headers, encoded, here and below. */
  begin(block: string): void {
    if (this.#isClosed) return;
    this.#hasBegun = true;
    this.#say(block, 0);
  }

  /** More of its body, octets. */
  write(octets: string): void {
    this.#waiting += octets;
    this.pump();
  }

  /** Ends it: after a body with trailers, without one the headers are the response. What may still come of the request is not wanted. */
  end(block: string): void {
    this.#trailers = block;
    this.pump();
  }

  /** A DATA frame. Throws Http2Error. */
  receive(frame: Frame): void {
    // No mere reset: that would free the stream's place while its service runs on, for any number of requests at a time.
    if (this.#requestEnded) throw new Http2Error("DATA after the end of a request", ErrorCode.streamClosed);
    this.#received.take(frame.payload.length);
    const data = unpadded(frame);
    if (data.length > 0) this.#listener?.onData(data);
    if (hasFlag(frame, FrameFlag.endStream)) this.endRequest();
  }

  endRequest(): void {
    this.#requestEnded = true;
    this.#listener?.onEnd();
  }

  /** Throws Http2Error. */
  growWindow(increment: number): void {
    this.#sendWindow = grownWindow(this.#sendWindow, increment);
    this.pump();
  }

  /** Says as much of the response as the peer takes. */
  pump(): void {
    if (this.#isClosed) return;
    let frames = "";
    while (this.#waiting !== "") {
      const size = Math.min(this.#waiting.length, this.#sendWindow, this.#output.window, MAX_FRAME_SIZE);
      if (size <= 0) break;
      frames += encodeFrame(FrameType.data, 0, this.id, this.#waiting.slice(0, size));
      this.#waiting = this.#waiting.slice(size);
      this.#sendWindow -= size;
      this.#output.spend(size);
    }
    if (frames !== "") this.#output.add(frames);
    if (this.#waiting === "" && this.#trailers !== undefined) this.#finish(this.#trailers);
  }

  /** Breaks it off, and tells the peer why. */
  reset(code: number): void {
    if (this.#isClosed) return;
    this.#output.frame(FrameType.rstStream, 0, this.id, uint32Octets(code));
    this.abandon();
  }

  /** The peer has reset it, or has gone. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#close();
    this.#listener?.onGone();
  }

  #finish(trailers: string): void {
    this.#say(trailers, FrameFlag.endStream);
    // Section 8.1: a server that has said all and wants no more of the request says so.
    if (!this.#requestEnded) {
      this.#output.frame(FrameType.rstStream, 0, this.id, uint32Octets(ErrorCode.none));
    }
    this.#close();
  }

  #close(): void {
    this.#isClosed = true;
    this.#waiting = "";
    this.#onClosed(this.id);
  }

  /** A block is one HEADERS frame, and CONTINUATION frames where it is too long for that (section 6.10). */
  #say(block: string, flags: number): void {
    let frames = "";
    let type: number = FrameType.headers;
    let rest = block;
    for (; rest.length > MAX_FRAME_SIZE; rest = rest.slice(MAX_FRAME_SIZE)) {
      frames += encodeFrame(
        type,
        type === FrameType.headers ? flags : 0,
        this.id,
        rest.slice(0, MAX_FRAME_SIZE),
      );
      type = FrameType.continuation;
    }
    const last = (type === FrameType.headers ? flags : 0) | FrameFlag.endHeaders;
    this.#output.add(frames + encodeFrame(type, last, this.id, rest));
  }
}
