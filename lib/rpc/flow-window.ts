// SPDX-License-Identifier: Apache-2.0
// Flow-control windows (RFC 9113, section 5.2).
import { ErrorCode, Http2Error } from "./http2-frame.ts";

export const INITIAL_WINDOW = 65535;
export const MAX_WINDOW = 0x7fffffff;

/** A window after a WINDOW_UPDATE or a change of its initial size (section 6.9.2). Throws Http2Error. */
export function grownWindow(window: number, by: number): number {
  if (window + by > MAX_WINDOW) {
    throw new Http2Error("flow-control window over 2^31-1", ErrorCode.flowControl);
  }
  return window + by;
}
