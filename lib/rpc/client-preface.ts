// SPDX-License-Identifier: Apache-2.0
import { latin1 } from "./bytes.ts";
import { Http2Error } from "./http2-frame.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** What every client of HTTP/2 begins its connection with (RFC 9113, section 3.4). */
export class ClientPreface {
  #read = 0;

  get isRead(): boolean {
    return this.#read === PREFACE.length;
  }

  /** What of the bytes comes after it. Throws Http2Error at the first one that is not as it should be. */
  take(bytes: Uint8Array): Uint8Array {
    const length = Math.min(PREFACE.length - this.#read, bytes.length);
    if (latin1(bytes, 0, length) !== PREFACE.slice(this.#read, this.#read + length)) {
      throw new Http2Error("no HTTP/2 client");
    }
    this.#read += length;
    return bytes.subarray(length);
  }
}
