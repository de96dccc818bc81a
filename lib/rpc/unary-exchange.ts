// SPDX-License-Identifier: Apache-2.0
// The frames of one request and its response on stream 1, and of the connection around it (RFC 9113, section 6).
import { latin1, readUint31, readUint32 } from "./bytes.ts";
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";
import { HeaderBlockReader } from "./header-block.ts";
import { encodeHeaders, type Header } from "./hpack.ts";
import {
  encodeFrame,
  type Frame,
  FrameFlag,
  FrameType,
  Http2Error,
  hasFlag,
  payloadOf,
  unpadded,
} from "./http2-frame.ts";
import { RequestBody } from "./request-body.ts";
import { parseSettings } from "./settings.ts";
import { UnaryResponse } from "./unary-response.ts";
import { resetError, streamErrorName } from "./wire-status.ts";

const STREAM = 1;
/** Enough for the longest status message. */
const MAX_HEADER_SIZE = 1 << 20;
/**
 * What begins every connection, byte by byte: SETTINGS with no table, no push, and windows that the largest response cannot
 * fill, so that none ever has to be grown; the connection's has no setting, so it is.
 */
const OPENING =
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
  "\x00\x00\x12\x04\x00\x00\x00\x00\x00" + // SETTINGS, 18 bytes
  "\x00\x01\x00\x00\x00\x00" + // SETTINGS_HEADER_TABLE_SIZE 0
  "\x00\x02\x00\x00\x00\x00" + // SETTINGS_ENABLE_PUSH 0
  "\x00\x04\x7f\xff\xff\xff" + // SETTINGS_INITIAL_WINDOW_SIZE 2^31-1
  "\x00\x00\x04\x08\x00\x00\x00\x00\x00\x7f\xff\x00\x00"; // WINDOW_UPDATE by 2^31-1 - 65535
/** Frames that carry no data. A peer that sends more of them keeps us busy for nothing, and its PINGs fill our memory. */
const MAX_FRAMES_WITHOUT_DATA = 2000;

/**
 * For one request; what is to be sent before the first frame of the peer is there at once. Over when receive() has given a
 * message or thrown. It has no clock: deadlines are its owner's.
 */
export class UnaryExchange {
  readonly #request: RequestBody;
  readonly #response = new UnaryResponse();
  readonly #headers = new HeaderBlockReader(MAX_HEADER_SIZE);
  #outgoing = OPENING;
  #isEstablished = false;
  #framesWithoutData = 0;
  #goaway = "";

  /** `message`: the request, encoded, as octets. */
  constructor(headers: readonly Header[], message: string) {
    this.#request = new RequestBody(message);
    this.#send(FrameType.headers, FrameFlag.endHeaders, STREAM, encodeHeaders(headers));
    this.#sendRequest();
  }

  /** The peer has begun as an HTTP/2 server does. */
  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  /** What an earlier GOAWAY said, to be put behind the error of a connection that ends; empty without one. */
  get goaway(): string {
    return this.#goaway;
  }

  /** Octets; none when there is nothing to say. */
  takeOutgoing(): string {
    const octets = this.#outgoing;
    this.#outgoing = "";
    return octets;
  }

  /**
   * The response's message, once it is complete and the server says that the call succeeded. Throws RpcError when the
   * call has failed and Http2Error when the peer breaks the protocol; the exchange is over then.
   */
  receive(frame: Frame): Uint8Array | undefined {
    this.#checkOrder(frame);
    switch (frame.type) {
      case FrameType.data:
        return this.#receiveData(frame);
      case FrameType.headers:
      case FrameType.continuation:
        return this.#receiveHeaders(frame);
      case FrameType.rstStream:
        throw resetError(readUint32(payloadOf(frame, STREAM, 4), 0));
      case FrameType.settings:
        return this.#receiveSettings(frame);
      case FrameType.ping:
        return this.#receivePing(frame);
      case FrameType.goaway:
        return this.#receiveGoaway(frame);
      case FrameType.windowUpdate:
        return this.#receiveWindowUpdate(frame);
      case FrameType.pushPromise:
        throw new Http2Error("PUSH_PROMISE received");
    }
    // PRIORITY and unknown types mean nothing here (sections 5.3.2 and 5.5).
    return undefined;
  }

  #send(type: number, flags: number, stream: number, payload: string): void {
    this.#outgoing += encodeFrame(type, flags, stream, payload);
  }

  #sendRequest(): void {
    for (let part = this.#request.take(); part.length > 0; part = this.#request.take()) {
      this.#send(FrameType.data, this.#request.isSent ? FrameFlag.endStream : 0, STREAM, part);
    }
  }

  #checkOrder(frame: Frame): void {
    if (!this.#isEstablished && (frame.type !== FrameType.settings || hasFlag(frame, FrameFlag.ack))) {
      throw new Http2Error("the first frame is not SETTINGS");
    }
    this.#isEstablished = true;
    if (this.#headers.isOpen && frame.type !== FrameType.continuation) {
      throw new Http2Error("expected CONTINUATION");
    }
    if (frame.type !== FrameType.data) this.#countFrameWithoutData();
  }

  #countFrameWithoutData(): void {
    if (++this.#framesWithoutData > MAX_FRAMES_WITHOUT_DATA) {
      throw new Http2Error("too many frames without data");
    }
  }

  #receiveData(frame: Frame): undefined {
    payloadOf(frame, STREAM);
    const data = unpadded(frame);
    if (data.length === 0) this.#countFrameWithoutData();
    this.#response.takeData(data, hasFlag(frame, FrameFlag.endStream));
  }

  #receiveHeaders(frame: Frame): Uint8Array | undefined {
    payloadOf(frame, STREAM);
    const block = this.#headers.take(frame);
    return block === undefined ? undefined : this.#response.takeHeaders(block.headers, block.endStream);
  }

  #receiveSettings(frame: Frame): undefined {
    if (hasFlag(frame, FrameFlag.ack)) {
      payloadOf(frame, 0, 0);
      return;
    }
    for (const window of parseSettings(payloadOf(frame, 0), 0)) this.#request.setInitialWindow(window);
    this.#send(FrameType.settings, FrameFlag.ack, 0, "");
    this.#sendRequest();
  }

  #receivePing(frame: Frame): undefined {
    const payload = payloadOf(frame, 0, 8);
    if (!hasFlag(frame, FrameFlag.ack)) this.#send(FrameType.ping, FrameFlag.ack, 0, latin1(payload, 0, 8));
  }

  #receiveGoaway(frame: Frame): undefined {
    const payload = payloadOf(frame, 0);
    if (payload.length < 8) throw new Http2Error("GOAWAY of a wrong size");
    const reason = streamErrorName(readUint32(payload, 4));
    // A peer that lets our stream finish names it as its last one.
    if (readUint31(payload, 0) < STREAM) {
      throw new RpcError(Code.Unavailable, `the server refused the call (GOAWAY with error code: ${reason})`);
    }
    this.#goaway = `, received prior goaway: code: ${reason}`;
  }

  #receiveWindowUpdate(frame: Frame): undefined {
    const increment = readUint31(payloadOf(frame, frame.stream === 0 ? 0 : STREAM, 4), 0);
    if (increment === 0) throw new Http2Error("WINDOW_UPDATE by nothing");
    if (frame.stream === 0) this.#request.growConnectionWindow(increment);
    else this.#request.growStreamWindow(increment);
    this.#sendRequest();
  }
}
