// SPDX-License-Identifier: Apache-2.0
import { INITIAL_WINDOW } from "./flow-window.ts";
import { FrameType } from "./http2-frame.ts";
import { uint32Octets } from "./octets.ts";
import type { ServerOutput } from "./server-output.ts";

/**
 * How much data the peer may send on a stream, or on the connection as stream 0 (RFC 9113, section 5.2). What has come is
 * read at once, so the window is opened again as soon as half of it is used, and it is never exceeded: a frame is smaller
 * than the other half.
 */
export class ReceiveWindow {
  readonly #stream: number;
  readonly #output: ServerOutput;
  #used = 0;

  constructor(stream: number, output: ServerOutput) {
    this.#stream = stream;
    this.#output = output;
  }

  /** `bytes`: a DATA frame's payload with its padding. */
  take(bytes: number): void {
    this.#used += bytes;
    if (this.#used < INITIAL_WINDOW / 2) return;
    this.#output.frame(FrameType.windowUpdate, 0, this.#stream, uint32Octets(this.#used));
    this.#used = 0;
  }
}
