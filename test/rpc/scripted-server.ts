// SPDX-License-Identifier: Apache-2.0
// What a server says, byte by byte, and a call that hears it.
import { encodeHeaders } from "../../lib/rpc/hpack.ts";
import { encodeFrame, FrameFlag, FrameReader, FrameType } from "../../lib/rpc/http2-frame.ts";
import { octetsToBytes } from "../../lib/rpc/octets.ts";
import { UnaryCall } from "../../lib/rpc/unary-call.ts";
import type { Random } from "./random.ts";

export const DEADLINE_MS = 5000;

const latin1 = (bytes: Iterable<number>): string => Buffer.from([...bytes]).toString("latin1");

export function frame(type: number, flags: number, stream: number, payload: Iterable<number>): number[] {
  return [...octetsToBytes(encodeFrame(type, flags, stream, latin1(payload)))];
}

export function block(headers: Readonly<Record<string, string>>): number[] {
  return [...octetsToBytes(encodeHeaders(Object.entries(headers)))];
}

export const settings = (...entries: readonly number[]): number[] => frame(FrameType.settings, 0, 0, entries);
export const OK_HEADERS = { ":status": "200", "content-type": "application/grpc" };

export function headers(fields: Readonly<Record<string, string>>, isLast = false): number[] {
  const flags = FrameFlag.endHeaders | (isLast ? FrameFlag.endStream : 0);
  return frame(FrameType.headers, flags, 1, block(fields));
}

export const trailers = (fields: Readonly<Record<string, string>>): number[] => headers(fields, true);
export const data = (bytes: Iterable<number>): number[] => frame(FrameType.data, 0, 1, bytes);

/** gRPC's five bytes and the message. */
export function prefixed(message: readonly number[]): number[] {
  return [0, 0, 0, message.length >> 8, message.length & 0xff, ...message];
}

export function padded(length: number, payload: readonly number[]): number[] {
  return [length, ...payload, ...new Array<number>(length).fill(0)];
}

export function startCall(message = new Uint8Array(10), nowMs = 0): UnaryCall {
  return new UnaryCall({
    path: "/package.Service/Method",
    authority: "localhost",
    message: latin1(message),
    timeoutMs: DEADLINE_MS,
    now: () => nowMs,
    deadlineMs: DEADLINE_MS,
  });
}

/** The message as an array, or the error as Go would print it; undefined while the call goes on. */
export function outcome(call: UnaryCall): readonly number[] | string | undefined {
  if (call.result === undefined) return undefined;
  return "error" in call.result ? call.result.error.describe() : [...call.result.message];
}

/** Feeds all of it in pieces; their buffer is used again, as a driver would. */
export function play(call: UnaryCall, bytes: readonly number[], pieceLength: () => number): UnaryCall {
  const all = Uint8Array.from(bytes);
  const buffer = new Uint8Array(Math.max(all.length, 1));
  for (let at = 0; at < all.length; ) {
    const end = Math.min(at + Math.max(pieceLength(), 1), all.length);
    buffer.set(all.subarray(at, end));
    call.feed(buffer.subarray(0, end - at));
    buffer.fill(0xaa);
    at = end;
  }
  return call;
}

/** The outcomes with the script fed whole, byte by byte, and in random pieces. */
export function outcomes(bytes: readonly number[], random: Random): unknown[] {
  const ways = [
    () => bytes.length,
    () => 1,
    () => random.below(40),
    () => random.below(40),
    () => random.below(9),
  ];
  return ways.map((pieceLength) => outcome(play(startCall(), bytes, pieceLength)));
}

/** What the call has to say, frame by frame, without the preface. */
export function sentFrames(
  call: UnaryCall,
): { type: number; flags: number; stream: number; payload: number[] }[] {
  const bytes = octetsToBytes(call.takeOutgoing());
  const isFirst = bytes[0] === 0x50;
  const reader = new FrameReader();
  reader.give(isFirst ? bytes.subarray(24) : bytes);
  const frames = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    frames.push({ ...next, payload: [...next.payload] });
  }
  return frames;
}
