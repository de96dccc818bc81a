// SPDX-License-Identifier: Apache-2.0
import { readUint32 } from "./bytes.ts";
import { MAX_WINDOW } from "./flow-window.ts";
import { ErrorCode, Http2Error, MAX_FRAME_SIZE } from "./http2-frame.ts";

const Setting = { enablePush: 2, initialWindowSize: 4, maxFrameSize: 5 } as const;

const ENTRY_SIZE = 6;
const LARGEST_FRAME_SIZE = 0xffffff;

/**
 * The initial windows that the peer's SETTINGS frame asks for, in order. The others need no action: our header blocks use no
 * table, our frames are never above the smallest limit. `maxPush`: what SETTINGS_ENABLE_PUSH may be, 1 of a client and 0 of a
 * server. Throws Http2Error for values that RFC 9113, section 6.5.2 forbids.
 */
export function parseSettings(payload: Uint8Array, maxPush: 0 | 1): number[] {
  if (payload.length % ENTRY_SIZE !== 0) {
    throw new Http2Error("SETTINGS of a wrong size", ErrorCode.frameSize);
  }
  const windows: number[] = [];
  for (let at = 0; at < payload.length; at += ENTRY_SIZE) {
    const id = (payload[at]! << 8) | payload[at + 1]!;
    const value = readUint32(payload, at + 2);
    if (id === Setting.enablePush && value > maxPush)
      throw new Http2Error("SETTINGS that enable server push");
    if (id === Setting.maxFrameSize && (value < MAX_FRAME_SIZE || value > LARGEST_FRAME_SIZE)) {
      throw new Http2Error("SETTINGS with a wrong frame size");
    }
    if (id !== Setting.initialWindowSize) continue;
    if (value > MAX_WINDOW) {
      throw new Http2Error("SETTINGS with an initial window over 2^31-1", ErrorCode.flowControl);
    }
    windows.push(value);
  }
  return windows;
}
