// SPDX-License-Identifier: Apache-2.0
// The frame layer of HTTP/2 (RFC 9113, section 4).
import { NO_BYTES, readUint31 } from "./bytes.ts";
import { uint32Octets } from "./octets.ts";

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

/** What RST_STREAM and GOAWAY give as the reason (section 7). */
export const ErrorCode = {
  none: 0,
  protocol: 1,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

/** The peer breaks the protocol; the connection is of no use any more. */
export class Http2Error extends Error {
  /** An ErrorCode. */
  readonly code: number;

  constructor(description: string, code: number = ErrorCode.protocol) {
    super(description);
    this.code = code;
  }
}

export function hasFlag(frame: Frame, flag: number): boolean {
  return (frame.flags & flag) !== 0;
}

/** A frame as octets, of a payload as octets. */
export function encodeFrame(type: number, flags: number, stream: number, payload: string): string {
  const size = uint32Octets(payload.length).slice(1);
  return size + String.fromCharCode(type, flags) + uint32Octets(stream) + payload;
}

/** The frame's payload; throws Http2Error on another stream than its type belongs to here, or of another size. */
export function payloadOf(frame: Frame, stream: number, size = frame.payload.length): Uint8Array {
  if (frame.stream !== stream) {
    throw new Http2Error(`frame of type ${frame.type} on stream ${frame.stream}`);
  }
  if (frame.payload.length !== size) {
    throw new Http2Error(`frame of type ${frame.type} with a wrong size`, ErrorCode.frameSize);
  }
  return frame.payload;
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
  #input: Uint8Array = NO_BYTES;
  /** What comes next of the input. */
  #at = 0;
  /** A frame of which only the beginning has come; made when the first such one does. */
  #partial: Uint8Array = NO_BYTES;
  #filled = 0;

  /** Call next() until it has none before giving more. */
  give(bytes: Uint8Array): void {
    this.#input = bytes;
    this.#at = 0;
  }

  /** undefined: more bytes are needed. Throws Http2Error for a frame that is too large. */
  next(): Frame | undefined {
    const left = this.#input.length - this.#at;
    if (this.#filled > 0 || left < HEADER_SIZE) return this.#nextPartial();
    const size = frameSize(this.#input, this.#at);
    if (left < size) return this.#nextPartial();
    this.#at += size;
    return parseFrame(this.#input, this.#at - size, size);
  }

  #nextPartial(): Frame | undefined {
    this.#fillUpTo(HEADER_SIZE);
    if (this.#filled < HEADER_SIZE) return undefined;
    const size = frameSize(this.#partial, 0);
    this.#fillUpTo(size);
    if (this.#filled < size) return undefined;
    this.#filled = 0;
    return parseFrame(this.#partial, 0, size);
  }

  #fillUpTo(size: number): void {
    const length = Math.min(size - this.#filled, this.#input.length - this.#at);
    if (length <= 0) return;
    if (this.#partial === NO_BYTES) this.#partial = new Uint8Array(HEADER_SIZE + MAX_FRAME_SIZE);
    this.#partial.set(this.#input.subarray(this.#at, this.#at + length), this.#filled);
    this.#at += length;
    this.#filled += length;
  }
}

function frameSize(bytes: Uint8Array, at: number): number {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  if (length > MAX_FRAME_SIZE) throw new Http2Error("frame too large", ErrorCode.frameSize);
  return HEADER_SIZE + length;
}

function parseFrame(bytes: Uint8Array, at: number, size: number): Frame {
  return {
    type: bytes[at + 3]!,
    flags: bytes[at + 4]!,
    stream: readUint31(bytes, at + 5),
    payload: bytes.subarray(at + HEADER_SIZE, at + size),
  };
}
