// SPDX-License-Identifier: Apache-2.0
import { readUint32 } from "./bytes.ts";
import { Http2Error, MAX_FRAME_SIZE } from "./http2-frame.ts";

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

const ENTRY_SIZE = 6;
const LARGEST_FRAME_SIZE = 0xffffff;

/** One SETTINGS entry on the wire. */
export function encodeSetting(id: number, value: number): number[] {
  return [0, id, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/**
 * The initial windows that a server's SETTINGS frame asks for, in order. The others need no action: our header block needs no
 * table and is sent already, our frames are never above the smallest limit. Throws Http2Error for values that RFC 9113,
 * section 6.5.2 forbids.
 */
export function parseSettings(payload: Uint8Array): number[] {
  if (payload.length % ENTRY_SIZE !== 0) throw new Http2Error("SETTINGS of a wrong size");
  const windows: number[] = [];
  for (let at = 0; at < payload.length; at += ENTRY_SIZE) {
    const id = (payload[at]! << 8) | payload[at + 1]!;
    const value = readUint32(payload, at + 2);
    if (id === Setting.enablePush && value !== 0) throw new Http2Error("SETTINGS that enable server push");
    if (id === Setting.maxFrameSize && (value < MAX_FRAME_SIZE || value > LARGEST_FRAME_SIZE)) {
      throw new Http2Error("SETTINGS with a wrong frame size");
    }
    if (id === Setting.initialWindowSize) windows.push(value);
  }
  return windows;
}
