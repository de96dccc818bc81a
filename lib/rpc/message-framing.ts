// SPDX-License-Identifier: Apache-2.0
// Messages in DATA frames: a byte that says whether the message is compressed, four bytes of length, the message.
import { Code } from "./code.ts";
import { RpcError } from "./error.ts";

const PREFIX = 5;

export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(PREFIX + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, PREFIX);
  return framed;
}

/** Puts the one message of a request together; throws RpcError. */
export class MessageReader {
  readonly #maxSize: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  give(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > PREFIX + this.#maxSize) throw tooLarge(this.#size - PREFIX, this.#maxSize);
  }

  /** The request has been read whole. */
  end(): Uint8Array {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    if (bytes.length < PREFIX) throw new RpcError(Code.Internal, "request without a message");
    const length = bytes.readUInt32BE(1);
    if (length > this.#maxSize) throw tooLarge(length, this.#maxSize);
    if (length !== bytes.length - PREFIX)
      throw new RpcError(Code.Internal, "the request is not exactly one message");
    if (bytes[0] !== 0) throw new RpcError(Code.Unimplemented, "compressed requests are not supported");
    return bytes.subarray(PREFIX);
  }
}

function tooLarge(size: number, max: number): RpcError {
  return new RpcError(Code.ResourceExhausted, `grpc: received message larger than max (${size} vs. ${max})`);
}
