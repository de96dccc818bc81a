// SPDX-License-Identifier: Apache-2.0
// The platform on Node, where the plugin's logic runs in tests. Node has no sockets that wait: the caller brings a
// network, or none is there.
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Network, Platform } from "./platform.ts";

const LOG_LIMIT_BYTES = 100 * 2 ** 20;
const OLD_LOGS = 5;

export type NodePlatformOptions = {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Uint8Array;
  readonly writeStderr: (text: string) => void;
  readonly network?: Network;
};

const NO_NETWORK: Network = {
  connect: () => ({ state: "failed", reason: "there is no network" }),
  send: () => false,
  receive: () => undefined,
  sleepUntil: () => undefined,
};

export function nodePlatform({
  env,
  stdin,
  writeStderr,
  network = NO_NETWORK,
}: NodePlatformOptions): Platform {
  return {
    ...network,
    env: (name) => env[name] ?? "",
    readStdin: (maxBytes) => {
      const bytes = Buffer.from(stdin as Uint8Array);
      return bytes.length > maxBytes ? undefined : bytes.toString("utf8");
    },
    readFile,
    appendLog,
    writeStderr,
    sameFile,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    limitScript: () => undefined,
  };
}

function readFile(path: string, maxBytes: number): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(maxBytes + 1);
    let size = 0;
    for (let n = 1; n > 0 && size <= maxBytes; size += n)
      n = readSync(descriptor, bytes, size, bytes.length - size, null);
    if (size > maxBytes) throw new Error(`${path}: more than ${maxBytes} bytes`);
    return bytes.toString("utf8", 0, size);
  } finally {
    closeSync(descriptor);
  }
}

/** Rotates without a lock: one process at a time only. */
function appendLog(path: string, text: string): string | undefined {
  try {
    if (existsSync(path) && statSync(path).size + text.length > LOG_LIMIT_BYTES) rotate(path);
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
    writeSync(descriptor, text);
    closeSync(descriptor);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function rotate(path: string): void {
  for (let i = OLD_LOGS - 1; i >= 0; i--) {
    const from = i > 0 ? `${path}.${i}` : path;
    if (existsSync(from)) renameSync(from, `${path}.${i + 1}`);
  }
}

function sameFile(a: string, b: string): boolean {
  const x = statSync(a, { throwIfNoEntry: false });
  const y = statSync(b, { throwIfNoEntry: false });
  return x !== undefined && y !== undefined && x.dev === y.dev && x.ino === y.ino;
}
