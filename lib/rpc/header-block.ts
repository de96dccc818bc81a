// SPDX-License-Identifier: Apache-2.0
// HEADERS and CONTINUATION frames become headers (RFC 9113, section 6.10).
import { concatBytes } from "./bytes.ts";
import { type Header, HeaderDecoder } from "./hpack.ts";
import { type Frame, FrameFlag, FrameType, Http2Error, hasFlag, unpadded } from "./http2-frame.ts";

/** Of all header blocks together, encoded, and of each one decoded: enough for the longest status message. */
const MAX_HEADER_SIZE = 1 << 20;
const PRIORITY_SIZE = 5;

/** All headers of a block, and whether they end the stream. */
export type HeaderBlock = { readonly headers: readonly Header[]; readonly endStream: boolean };

export class HeaderBlockReader {
  readonly #decoder = new HeaderDecoder(MAX_HEADER_SIZE);
  #fragments: Uint8Array[] = [];
  #size = 0;
  #open: { readonly stream: number; readonly endStream: boolean } | undefined;

  /** A block has begun: nothing but its CONTINUATION frames may come. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** undefined until the frame that ends the block. Throws Http2Error. */
  take(frame: Frame): HeaderBlock | undefined {
    this.#add(frame.type === FrameType.headers ? this.#begin(frame) : this.#continue(frame));
    if (!hasFlag(frame, FrameFlag.endHeaders)) return undefined;
    const { endStream } = this.#open!;
    const headers = this.#decoder.decode(concatBytes(this.#fragments));
    this.#fragments = [];
    this.#open = undefined;
    return { headers, endStream };
  }

  #begin(frame: Frame): Uint8Array {
    this.#open = { stream: frame.stream, endStream: hasFlag(frame, FrameFlag.endStream) };
    const payload = unpadded(frame);
    if (!hasFlag(frame, FrameFlag.priority)) return payload;
    if (payload.length < PRIORITY_SIZE) throw new Http2Error("HEADERS too short for its priority");
    return payload.subarray(PRIORITY_SIZE);
  }

  #continue(frame: Frame): Uint8Array {
    if (this.#open?.stream !== frame.stream) throw new Http2Error("unexpected CONTINUATION");
    return frame.payload;
  }

  #add(fragment: Uint8Array): void {
    this.#size += fragment.length;
    if (this.#size > MAX_HEADER_SIZE) throw new Http2Error("header block too large");
    this.#fragments.push(fragment.slice());
  }
}
