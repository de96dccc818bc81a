// SPDX-License-Identifier: Apache-2.0
import { lstat, mkdir, unlink } from "node:fs/promises";
import { connect, type NetConnectOpts } from "node:net";
import { dirname } from "node:path";

const ANSWER_DEADLINE_MS = 1000;

async function isSocket(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Error(`cannot look at the socket ${path}`, { cause: error });
  });
  if (found === undefined) return false;
  if (!found.isSocket()) throw new Error("socket bind path exist, but not a socket");
  return true;
}

/**
 * Why nobody can be connected to. undefined: connected, or busy (a full backlog, no answer in time), which only a living
 * listener can be.
 */
export function findConnectError(
  options: NetConnectOpts,
  deadlineMs = ANSWER_DEADLINE_MS,
): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    const socket = connect(options);
    const end = (error?: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      socket.destroy();
      done(error);
    };
    const timer = setTimeout(end, deadlineMs);
    socket.on("connect", () => end());
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code === "EAGAIN" ? undefined : error));
  });
}

/** Throws when something lies at the path that is no socket; the path is left as it is. */
export async function checkSocketPath(path: string): Promise<void> {
  await isSocket(path);
}

/**
 * Throws an Error where something answers at the path, this daemon or the Go one: two would hand out the same addresses.
 * Nothing there, or a stale socket, which is only one that refuses, is silence; it is left as it is.
 */
export async function checkSilence(path: string): Promise<void> {
  if (!(await isSocket(path))) return;
  const error = await findConnectError({ path });
  if (error?.code === "ENOENT" || error?.code === "ECONNREFUSED") return;
  if (error === undefined) {
    throw new Error(`a daemon (nv-ipam in Go, or another ipam-node) answers at ${path}: stop it first`);
  }
  throw new Error(`cannot tell whether a daemon listens at ${path}`, { cause: error });
}

/**
 * Makes the path free to bind: its directory exists (a new one is its owner's alone), and a stale socket is removed. Throws
 * as checkSilence does.
 */
export async function claimSocketPath(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new Error(`cannot make the directory of the socket ${path}`, { cause: error });
  });
  await checkSilence(path);
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
