// SPDX-License-Identifier: Apache-2.0
// HEADERS and CONTINUATION frames become headers (RFC 9113, section 6.10).
import { concatBytes } from "./bytes.ts";
import { type Header, HeaderDecoder } from "./hpack.ts";
import { ErrorCode, type Frame, FrameFlag, FrameType, Http2Error, hasFlag, unpadded } from "./http2-frame.ts";

const PRIORITY_SIZE = 5;

/** All headers of a block, and whether they end the stream. */
export type HeaderBlock = { readonly headers: readonly Header[]; readonly endStream: boolean };

export class HeaderBlockReader {
  readonly #maxSize: number;
  readonly #decoder: HeaderDecoder;
  #fragments: Uint8Array[] = [];
  #size = 0;
  #open: { readonly stream: number; readonly endStream: boolean } | undefined;

  /** `maxSize`: of a block, encoded, and once more decoded. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#decoder = new HeaderDecoder(maxSize);
  }

  /** A block has begun: nothing but its CONTINUATION frames may come. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** undefined until the frame that ends the block. Throws Http2Error. */
  take(frame: Frame): HeaderBlock | undefined {
    const fragment = frame.type === FrameType.headers ? this.#begin(frame) : this.#continue(frame);
    this.#size += fragment.length;
    if (this.#size > this.#maxSize) throw new Http2Error("header block too large");
    if (!hasFlag(frame, FrameFlag.endHeaders)) {
      if (fragment.length > 0) this.#fragments.push(new Uint8Array(fragment));
      return undefined;
    }
    const { endStream } = this.#open!;
    this.#open = undefined;
    this.#size = 0;
    return { headers: this.#decoder.decode(this.#whole(fragment)), endStream };
  }

  #whole(last: Uint8Array): Uint8Array {
    if (this.#fragments.length === 0) return last;
    const block = concatBytes([...this.#fragments, last]);
    this.#fragments = [];
    return block;
  }

  #begin(frame: Frame): Uint8Array {
    this.#open = { stream: frame.stream, endStream: hasFlag(frame, FrameFlag.endStream) };
    const payload = unpadded(frame);
    if (!hasFlag(frame, FrameFlag.priority)) return payload;
    if (payload.length < PRIORITY_SIZE) {
      throw new Http2Error("HEADERS too short for its priority", ErrorCode.frameSize);
    }
    return payload.subarray(PRIORITY_SIZE);
  }

  #continue(frame: Frame): Uint8Array {
    if (this.#open?.stream !== frame.stream) throw new Http2Error("unexpected CONTINUATION");
    return frame.payload;
  }
}
