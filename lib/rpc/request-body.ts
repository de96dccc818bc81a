// SPDX-License-Identifier: Apache-2.0
// The request's message on its way out, under HTTP/2 flow control (RFC 9113, section 5.2).
import { NO_BYTES } from "./bytes.ts";
import { Http2Error, MAX_FRAME_SIZE } from "./http2-frame.ts";

const INITIAL_WINDOW = 65535;
const MAX_WINDOW = 0x7fffffff;
/** gRPC's length prefix: a byte for compression and four for the length. */
const PREFIX_SIZE = 5;

export class RequestBody {
  readonly #bytes: Uint8Array;
  #sent = 0;
  #connectionWindow = INITIAL_WINDOW;
  /** May become negative when the peer lowers its initial value. */
  #streamWindow = INITIAL_WINDOW;
  #initialWindow = INITIAL_WINDOW;

  constructor(message: Uint8Array) {
    const bytes = new Uint8Array(PREFIX_SIZE + message.length);
    new DataView(bytes.buffer).setUint32(1, message.length);
    bytes.set(message, PREFIX_SIZE);
    this.#bytes = bytes;
  }

  get isSent(): boolean {
    return this.#sent === this.#bytes.length;
  }

  /** The payload of the next DATA frame; no bytes while the windows are closed, and after the last one. */
  take(): Uint8Array {
    const rest = this.#bytes.length - this.#sent;
    const size = Math.min(rest, this.#connectionWindow, this.#streamWindow, MAX_FRAME_SIZE);
    if (size <= 0) return NO_BYTES;
    this.#connectionWindow -= size;
    this.#streamWindow -= size;
    this.#sent += size;
    return this.#bytes.subarray(this.#sent - size, this.#sent);
  }

  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE, which also changes the window of the open stream (section 6.9.2). */
  setInitialWindow(size: number): void {
    if (size > MAX_WINDOW) throw new Http2Error("SETTINGS with an initial window over 2^31-1");
    this.#streamWindow = grown(this.#streamWindow, size - this.#initialWindow);
    this.#initialWindow = size;
  }

  growConnectionWindow(increment: number): void {
    this.#connectionWindow = grown(this.#connectionWindow, increment);
  }

  growStreamWindow(increment: number): void {
    this.#streamWindow = grown(this.#streamWindow, increment);
  }
}

function grown(window: number, by: number): number {
  if (window + by > MAX_WINDOW) throw new Http2Error("flow-control window over 2^31-1");
  return window + by;
}
