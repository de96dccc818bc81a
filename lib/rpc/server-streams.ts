// SPDX-License-Identifier: Apache-2.0
import type { HeaderBlock } from "./header-block.ts";
import { ErrorCode, type Frame, FrameType, Http2Error } from "./http2-frame.ts";
import { uint32Octets } from "./octets.ts";
import type { ServerOutput } from "./server-output.ts";
import { ServerStream } from "./server-stream.ts";

export type StreamsOptions = {
  /** Requests at a time. */
  readonly maxConcurrentStreams: number;
  /** Told of each request as soon as its headers are here. */
  readonly onStream: (stream: ServerStream) => void;
};

/** The requests of a connection that have no whole answer yet (RFC 9113, section 5.1). */
export class ServerStreams {
  readonly #options: StreamsOptions;
  readonly #output: ServerOutput;
  readonly #open = new Map<number, ServerStream>();
  #last = 0;
  #isClosing = false;

  constructor(options: StreamsOptions, output: ServerOutput) {
    this.#options = options;
    this.#output = output;
  }

  /** The highest number so far; 0: none. */
  get last(): number {
    return this.#last;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Whether one of them is in that state. */
  has(state: ServerStream["state"]): boolean {
    for (const stream of this.#open.values()) if (stream.state === state) return true;
    return false;
  }

  /** The stream of a frame; undefined when it is closed, as the peer may not know yet. Throws Http2Error for one that was never open. */
  find({ type, stream }: Frame): ServerStream | undefined {
    // A client opens the streams of odd numbers, in their order (section 5.1.1).
    if (stream % 2 === 1 && stream <= this.#last) return this.#open.get(stream);
    throw new Http2Error(`frame of type ${type} on stream ${stream}`);
  }

  /** A header block has come on `frame`'s stream. False when it asks for what it does not get. Throws Http2Error. */
  takeHeaders(frame: Frame, { headers, endStream }: HeaderBlock): boolean {
    const { stream: id } = frame;
    if (id % 2 === 1 && id > this.#last) return this.#begin(id, { headers, endStream });
    const stream = this.find(frame);
    if (stream === undefined) return false;
    // gRPC's requests have no trailers; they end the request all the same (section 8.1).
    if (!endStream || stream.requestEnded) throw new Http2Error("HEADERS in the middle of a request");
    stream.endRequest();
    return true;
  }

  /** Throws Http2Error. */
  setInitialWindow(size: number): void {
    const by = this.#output.setInitialStreamWindow(size);
    for (const stream of this.#open.values()) stream.growWindow(by);
  }

  /** The connection's window has grown. */
  pump(): void {
    for (const stream of this.#open.values()) stream.pump();
  }

  /** From now on requests are refused. */
  close(): void {
    this.#isClosing = true;
  }

  /** Those that need more of the peer: the rest of the request, or open windows. */
  abandonUnfinished(): void {
    for (const stream of this.#open.values()) if (stream.state !== "answering") stream.abandon();
  }

  abandon(): void {
    for (const stream of this.#open.values()) stream.abandon();
  }

  #begin(id: number, { headers, endStream }: HeaderBlock): boolean {
    this.#last = id;
    if (this.#isClosing || this.#open.size >= this.#options.maxConcurrentStreams) {
      this.#output.frame(FrameType.rstStream, 0, id, uint32Octets(ErrorCode.refusedStream));
      return false;
    }
    const stream = new ServerStream({ id, headers }, this.#output, () => this.#open.delete(id));
    this.#open.set(id, stream);
    this.#options.onStream(stream);
    if (endStream) stream.endRequest();
    return true;
  }
}
