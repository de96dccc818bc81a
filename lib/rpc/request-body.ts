// SPDX-License-Identifier: Apache-2.0
// The request's message on its way out as octets, under HTTP/2 flow control (RFC 9113, section 5.2).
import { grownWindow, INITIAL_WINDOW } from "./flow-window.ts";
import { MAX_FRAME_SIZE } from "./http2-frame.ts";
import { prefixed } from "./message-prefix.ts";

export class RequestBody {
  readonly #octets: string;
  #sent = 0;
  #connectionWindow = INITIAL_WINDOW;
  /** May become negative when the peer lowers its initial value. */
  #streamWindow = INITIAL_WINDOW;
  #initialWindow = INITIAL_WINDOW;

  constructor(message: string) {
    this.#octets = prefixed(message);
  }

  get isSent(): boolean {
    return this.#sent === this.#octets.length;
  }

  /** The payload of the next DATA frame; none while the windows are closed, and after the last one. */
  take(): string {
    const rest = this.#octets.length - this.#sent;
    const size = Math.min(rest, this.#connectionWindow, this.#streamWindow, MAX_FRAME_SIZE);
    if (size <= 0) return "";
    this.#connectionWindow -= size;
    this.#streamWindow -= size;
    this.#sent += size;
    return this.#octets.slice(this.#sent - size, this.#sent);
  }

  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE, which also changes the window of the open stream (section 6.9.2). */
  setInitialWindow(size: number): void {
    this.#streamWindow = grownWindow(this.#streamWindow, size - this.#initialWindow);
    this.#initialWindow = size;
  }

  growConnectionWindow(increment: number): void {
    this.#connectionWindow = grownWindow(this.#connectionWindow, increment);
  }

  growStreamWindow(increment: number): void {
    this.#streamWindow = grownWindow(this.#streamWindow, increment);
  }
}
