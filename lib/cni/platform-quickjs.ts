// SPDX-License-Identifier: Apache-2.0
// The platform of the executable: the functions of host.c.
import type { ConnectOutcome, Endpoint, Platform } from "./platform.ts";
import { toSocketAddress } from "./socket-address.ts";

declare const host: {
  env(name: string): string;
  readStdin(limit: number): string | null;
  readFile(path: string, limit: number): string | null | undefined;
  appendLog(path: string, text: string): string | undefined;
  writeStderr(text: string): void;
  sameFile(a: string, b: string): boolean;
  clockMs(monotonic: boolean): number;
  /** The system's text for an errno. */
  reason(errno: number): string;
  limitScript(deadline: number): void;
  sleepUntil(time: number): void;
  /** Of a struct sockaddr as octets: 0 or an errno. */
  connect(address: string, deadline: number): number;
  send(octets: string, deadline: number): boolean;
  receive(deadline: number): ArrayBuffer | null;
  exit(code: number, stdout: string): never;
};

// Numbers of Linux on every architecture.
const ENOENT = 2;
const ETIMEDOUT = 110;
const ECONNREFUSED = 111;

export const quickjsPlatform: Platform = {
  env: (name) => host.env(name).toWellFormed(),
  readStdin: (maxBytes) => host.readStdin(maxBytes)?.toWellFormed(),
  readFile(path, maxBytes) {
    const text = host.readFile(checkPath(path), maxBytes);
    if (text === null) throw new Error(`${path}: more than ${maxBytes} bytes`);
    return text?.toWellFormed();
  },
  appendLog(path, text) {
    return path.includes("\0")
      ? "invalid argument"
      : host.appendLog(path.toWellFormed(), text.toWellFormed());
  },
  writeStderr: (text) => host.writeStderr(text.toWellFormed()),
  sameFile: (a, b) => host.sameFile(a, b),
  nowMs: () => host.clockMs(false),
  monotonicMs: () => host.clockMs(true),
  limitScript: (deadlineMs) => host.limitScript(deadlineMs),
  connect,
  send: (octets, deadlineMs) => host.send(octets, deadlineMs),
  receive(deadlineMs) {
    const bytes = host.receive(deadlineMs);
    return bytes === null ? undefined : new Uint8Array(bytes);
  },
  sleepUntil: (timeMs) => host.sleepUntil(timeMs),
};

/** Ends the process; with 1 when stdout cannot be written. */
export function exit(code: number, stdout: string): never {
  return host.exit(code, stdout.toWellFormed());
}

function connect(endpoint: Endpoint, deadlineMs: number): ConnectOutcome {
  const address = toSocketAddress(endpoint);
  if (address === undefined) return { state: "failed", reason: "invalid argument" };
  const errno = host.connect(address, deadlineMs);
  if (errno === 0) return { state: "connected" };
  if (errno === ETIMEDOUT) return { state: "expired" };
  return {
    state: errno === ENOENT || errno === ECONNREFUSED ? "absent" : "failed",
    reason: host.reason(errno),
  };
}

/** A NUL would end the path early for the system. */
function checkPath(path: string): string {
  if (path.includes("\0")) throw new Error(`open ${path}: invalid argument`);
  return path.toWellFormed();
}
