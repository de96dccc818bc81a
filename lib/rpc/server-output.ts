// SPDX-License-Identifier: Apache-2.0
import { grownWindow, INITIAL_WINDOW } from "./flow-window.ts";
import { encodeFrame } from "./http2-frame.ts";

/** What a server's connection has to say, and how much data its peer takes (RFC 9113, section 5.2). */
export class ServerOutput {
  readonly #onFrames: () => void;
  #octets = "";
  #window = INITIAL_WINDOW;
  #dataFrames = 0;
  #initialStreamWindow = INITIAL_WINDOW;

  /** `onFrames`: called whenever there is more to take. */
  constructor(onFrames: () => void) {
    this.#onFrames = onFrames;
  }

  /** Of the whole connection, in bytes of data. */
  get window(): number {
    return this.#window;
  }

  get initialStreamWindow(): number {
    return this.#initialStreamWindow;
  }

  frame(type: number, flags: number, stream: number, payload: string): void {
    this.add(encodeFrame(type, flags, stream, payload));
  }

  /** Whole frames. */
  add(octets: string): void {
    this.#octets += octets;
    this.#onFrames();
  }

  /** Octets; none when there is nothing to say. */
  take(): string {
    const octets = this.#octets;
    this.#octets = "";
    return octets;
  }

  /** DATA frames so far, of all streams. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  /** One of them has been said. */
  spend(bytes: number): void {
    this.#window -= bytes;
    this.#dataFrames++;
  }

  /** Throws Http2Error. */
  growWindow(increment: number): void {
    this.#window = grownWindow(this.#window, increment);
  }

  /** By how much the window of each open stream changes. */
  setInitialStreamWindow(size: number): number {
    const by = size - this.#initialStreamWindow;
    this.#initialStreamWindow = size;
    return by;
  }
}
