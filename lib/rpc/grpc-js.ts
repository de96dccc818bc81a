// SPDX-License-Identifier: Apache-2.0
// What the client asks of grpc-js.
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/** The largest answer that is taken: a whole store with some 100,000 reservations. */
export const MAX_MESSAGE_SIZE = 64 << 20;

/** grpc-js writes to stderr by itself, whatever the process's log looks like, also when its own variables ask it to. */
export function silenceGrpcJs(): void {
  setLogVerbosity(logVerbosity.NONE);
}

/** grpc-js leaves the codec to us: messages are bytes to it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
