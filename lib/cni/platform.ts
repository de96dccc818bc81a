// SPDX-License-Identifier: Apache-2.0
// What the plugin asks of the system it runs on. All of it waits, because a plugin does one thing and ends.

/** Where a daemon listens: a Unix socket's path, or the bytes of an IPv4 or IPv6 address (network order) and a port. */
export type Endpoint =
  | { readonly path: string }
  | { readonly address: Uint8Array<ArrayBuffer>; readonly port: number };

export type ConnectOutcome =
  | { readonly state: "connected" }
  /** Nothing listens there (yet): no such socket, or it refuses. */
  | { readonly state: "absent"; readonly reason: string }
  | { readonly state: "failed"; readonly reason: string }
  /** The deadline has passed. */
  | { readonly state: "expired" };

/** One connection at a time. Deadlines are on the clock of monotonicMs. */
export type Network = {
  /** Closes the connection before, if any. */
  connect(endpoint: Endpoint, deadlineMs: number): ConnectOutcome;
  /** Octets; false when the deadline has passed; throws Error with the reason when the connection is broken. */
  send(octets: string, deadlineMs: number): boolean;
  /** undefined when the deadline has passed, no bytes at the end of the connection; throws as send does. */
  receive(deadlineMs: number): Uint8Array | undefined;
  sleepUntil(timeMs: number): void;
};

export type Platform = Network & {
  /** "" when it is not set. Bytes that are not UTF-8 come as U+FFFD, here and in every other text. */
  env(name: string): string;
  /** undefined when there are more bytes; throws Error with the reason when stdin cannot be read. */
  readStdin(maxBytes: number): string | undefined;
  /** undefined when there is no such file; throws Error with the reason, also when there are more bytes. */
  readFile(path: string, maxBytes: number): string | undefined;
  /**
   * Appends to a log file, created with mode 0644, never through a symbolic link; one of over 100 MB becomes PATH.1
   * first, and so on up to PATH.5. Why that failed, or undefined.
   */
  appendLog(path: string, text: string): string | undefined;
  writeStderr(text: string): void;
  /** Whether both paths lead to the same file; false when one leads to none. */
  sameFile(a: string, b: string): boolean;
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds on a clock that nobody sets. */
  monotonicMs(): number;
  /** A script that still runs then is ended with one CNI error. */
  limitScript(deadlineMs: number): void;
};
