// SPDX-License-Identifier: Apache-2.0
// Drives a call over a real socket, as the plugin does.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Code } from "../../lib/rpc/code.ts";
import { octetsToBytes } from "../../lib/rpc/octets.ts";
import { UnaryCall, type UnaryCallResult } from "../../lib/rpc/unary-call.ts";

export type SocketCall = {
  readonly socketPath: string;
  readonly path: string;
  readonly message?: Uint8Array;
  readonly timeoutMs?: number;
};

function start({ socketPath, path, message = new Uint8Array(0), timeoutMs = 20_000 }: SocketCall) {
  const now = (): number => performance.now();
  const deadlineMs = now() + timeoutMs;
  const octets = Buffer.from(message).toString("latin1");
  const call = new UnaryCall({ path, authority: "localhost", message: octets, timeoutMs, now, deadlineMs });
  return { call, timeoutMs, socket: connect(socketPath) };
}

/** A connection, and the bytes of a call for it, for tests that stop in the middle. */
export function beginCall(request: SocketCall): { socket: Socket; bytes: Uint8Array } {
  const { call, socket } = start(request);
  return { socket, bytes: octetsToBytes(call.takeOutgoing()) };
}

/** Runs the call to its result, its deadline at the latest, and closes the connection. */
export async function callOverSocket(request: SocketCall): Promise<UnaryCallResult> {
  const { call, timeoutMs, socket } = start(request);
  const flush = (): void => {
    const octets = call.takeOutgoing();
    if (octets !== "") socket.write(octets, "latin1");
  };
  await new Promise<void>((done) => {
    const step = (act: () => void): void => {
      act();
      flush();
      if (call.result !== undefined) done();
    };
    const timer = setTimeout(() => step(() => call.expire()), timeoutMs);
    socket.on("connect", flush);
    socket.on("data", (bytes: Buffer) => step(() => call.feed(bytes)));
    socket.on("end", () => step(() => call.feed(new Uint8Array(0))));
    socket.on("error", (error) => step(() => call.fail(Code.Unavailable, error.message)));
    socket.on("close", () => clearTimeout(timer));
  });
  socket.destroy();
  return call.result!;
}

/** Passes all that a server says on in pieces of `pieceLength()` bytes, each in a write of its own. */
export async function fragmentingProxy(
  to: string,
  socketPath: string,
  pieceLength: () => number,
): Promise<Server> {
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect(to);
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes: Buffer) => writeInPieces(client, bytes, pieceLength));
    server.on("error", () => client.destroy());
    client.on("error", () => server.destroy());
    client.on("close", () => server.destroy());
    server.on("end", () => client.end());
  });
  proxy.listen(socketPath);
  await once(proxy, "listening");
  return proxy;
}

function writeInPieces(client: Socket, bytes: Buffer, pieceLength: () => number): void {
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.max(pieceLength(), 1);
    client.write(bytes.subarray(at, end));
    at = end;
  }
}
