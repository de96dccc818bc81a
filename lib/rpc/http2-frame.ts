// SPDX-License-Identifier: Apache-2.0
// The frame layer of HTTP/2 (RFC 9113, section 4).
import { NO_BYTES, readUint31 } from "./bytes.ts";

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FrameFlag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** The payload is only valid until the reader is asked for the next one. */
export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
};

/** The largest payload, HTTP/2's initial value: what we take, since we announce no other, and what we send. */
export const MAX_FRAME_SIZE = 16384;
const HEADER_SIZE = 9;

/** The peer breaks the protocol; the connection is of no use any more. */
export class Http2Error extends Error {}

export function hasFlag(frame: Frame, flag: number): boolean {
  return (frame.flags & flag) !== 0;
}

export function encodeFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_SIZE + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length * 0x100 + type);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  frame.set(payload, HEADER_SIZE);
  return frame;
}

/** The payload of a DATA or HEADERS frame without padding (sections 6.1 and 6.2). */
export function unpadded(frame: Frame): Uint8Array {
  const { payload } = frame;
  if (!hasFlag(frame, FrameFlag.padded)) return payload;
  const end = payload.length - (payload[0] ?? 0);
  if (end < 1) throw new Http2Error("padding longer than the frame");
  return payload.subarray(1, end);
}

/** Cuts what is read into frames, however it was cut on its way. Each byte is copied once at most. */
export class FrameReader {
  /** A frame of which only the beginning has come. */
  readonly #partial = new Uint8Array(HEADER_SIZE + MAX_FRAME_SIZE);
  #filled = 0;
  #input: Uint8Array = NO_BYTES;

  /** Call next() until it has none before giving more. */
  give(bytes: Uint8Array): void {
    this.#input = bytes;
  }

  /** undefined: more bytes are needed. Throws Http2Error for a frame that is too large. */
  next(): Frame | undefined {
    if (this.#filled > 0) return this.#nextPartial();
    if (this.#input.length >= HEADER_SIZE) {
      const size = frameSize(this.#input);
      if (this.#input.length >= size) return parseFrame(this.#take(size));
    }
    return this.#nextPartial();
  }

  #nextPartial(): Frame | undefined {
    this.#fillUpTo(HEADER_SIZE);
    if (this.#filled < HEADER_SIZE) return undefined;
    const size = frameSize(this.#partial);
    this.#fillUpTo(size);
    if (this.#filled < size) return undefined;
    this.#filled = 0;
    return parseFrame(this.#partial.subarray(0, size));
  }

  #fillUpTo(size: number): void {
    if (this.#filled >= size) return;
    const part = this.#take(Math.min(size - this.#filled, this.#input.length));
    this.#partial.set(part, this.#filled);
    this.#filled += part.length;
  }

  #take(length: number): Uint8Array {
    const part = this.#input.subarray(0, length);
    this.#input = this.#input.subarray(length);
    return part;
  }
}

function frameSize(header: Uint8Array): number {
  const length = (header[0]! << 16) | (header[1]! << 8) | header[2]!;
  if (length > MAX_FRAME_SIZE) throw new Http2Error("frame too large");
  return HEADER_SIZE + length;
}

function parseFrame(bytes: Uint8Array): Frame {
  return {
    type: bytes[3]!,
    flags: bytes[4]!,
    stream: readUint31(bytes, 5),
    payload: bytes.subarray(HEADER_SIZE),
  };
}
