// SPDX-License-Identifier: Apache-2.0
// Messages in DATA frames: a byte that says whether the message is compressed, four bytes of length, the message.
import { NO_BYTES, readUint32 } from "./bytes.ts";
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";

const PREFIX = 5;

/** Puts the one message of a request together; throws RpcError. */
export class MessageReader {
  readonly #maxSize: number;
  /** Twice what is needed at most: parts of one byte each would take a hundred times their size if they were kept as such. */
  #bytes: Uint8Array = NO_BYTES;
  #size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** `chunk` may be overwritten afterwards. */
  give(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    if (size > PREFIX + this.#maxSize) throw tooLarge(size - PREFIX, this.#maxSize);
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#size));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#size);
    this.#size = size;
  }

  /** The request has been read whole. */
  end(): Uint8Array {
    if (this.#size < PREFIX) throw new RpcError(Code.Internal, "request without a message");
    const length = readUint32(this.#bytes, 1);
    if (length > this.#maxSize) throw tooLarge(length, this.#maxSize);
    if (length !== this.#size - PREFIX)
      throw new RpcError(Code.Internal, "the request is not exactly one message");
    if (this.#bytes[0] !== 0) throw new RpcError(Code.Unimplemented, "compressed requests are not supported");
    return this.#bytes.subarray(PREFIX, this.#size);
  }
}

function tooLarge(size: number, max: number): RpcError {
  return new RpcError(Code.ResourceExhausted, `grpc: received message larger than max (${size} vs. ${max})`);
}
