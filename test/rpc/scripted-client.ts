// SPDX-License-Identifier: Apache-2.0
// A client by hand: frames for a server's protocol, and what it says to them.
import { latin1 } from "../../lib/rpc/bytes.ts";
import { encodeHeaders, type Header, HeaderDecoder } from "../../lib/rpc/hpack.ts";
import { encodeFrame, FrameFlag, FrameReader, FrameType } from "../../lib/rpc/http2-frame.ts";
import { octetsToBytes, uint32Octets } from "../../lib/rpc/octets.ts";
import { ServerProtocol } from "../../lib/rpc/server-protocol.ts";
import type { ServerStream } from "../../lib/rpc/server-stream.ts";

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
export const REQUEST: readonly Header[] = [
  [":method", "POST"],
  [":path", "/a.B/C"],
  ["content-type", "application/grpc"],
];

export const settings = (...entries: (readonly [id: number, value: number])[]): string =>
  encodeFrame(
    FrameType.settings,
    0,
    0,
    entries.map(([id, value]) => `\x00${String.fromCharCode(id)}${uint32Octets(value)}`).join(""),
  );
export const headers = (stream: number, flags = FrameFlag.endHeaders as number, list = REQUEST): string =>
  encodeFrame(FrameType.headers, flags, stream, encodeHeaders(list));
export const data = (stream: number, payload: string, flags = 0): string =>
  encodeFrame(FrameType.data, flags, stream, payload);
export const ask = (stream: number, payload = "x"): string =>
  headers(stream) + data(stream, payload, FrameFlag.endStream);
export const windowUpdate = (stream: number, by: number): string =>
  encodeFrame(FrameType.windowUpdate, 0, stream, uint32Octets(by));
export const reset = (stream: number, code = 8): string =>
  encodeFrame(FrameType.rstStream, 0, stream, uint32Octets(code));

const NAMES = Object.fromEntries(Object.entries(FrameType).map(([name, type]) => [type, name]));

export type Scripted = {
  readonly protocol: ServerProtocol;
  /** The requests so far, each with what its service is told. */
  readonly requests: { readonly stream: ServerStream; readonly told: string[] }[];
  /** Gives octets to the server, in pieces of that size where one is given. */
  say(octets: string, pieceSize?: number): void;
  /** What the server has said since the last time: "data 1 +end PAYLOAD", "headers 1 :status=200", "rstStream 1 CODE". */
  heard(): string[];
};

/** A server's protocol whose client has not said anything yet. */
export function scriptedClient(maxConcurrentStreams = 3): Scripted {
  const requests: Scripted["requests"] = [];
  const protocol = new ServerProtocol({
    maxConcurrentStreams,
    onStream: (stream) => {
      const told: string[] = [];
      stream.listen({
        onData: (chunk) => told.push(latin1(chunk, 0, chunk.length)),
        onEnd: () => told.push("end"),
        onGone: () => told.push("gone"),
      });
      requests.push({ stream, told });
    },
    onOutgoing: () => undefined,
  });
  const reader = new FrameReader();
  const decoder = new HeaderDecoder(1 << 20);
  return {
    protocol,
    requests,
    say(octets, pieceSize = octets.length) {
      for (let at = 0; at < octets.length; at += pieceSize)
        protocol.feed(octetsToBytes(octets.slice(at, at + pieceSize)));
    },
    heard() {
      reader.give(octetsToBytes(protocol.takeOutgoing()));
      const frames: string[] = [];
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        const { type, stream, payload, flags } = frame;
        const end = type <= FrameType.headers && (flags & FrameFlag.endStream) !== 0 ? " +end" : "";
        frames.push(`${NAMES[type]} ${stream}${end} ${describe(type, payload, decoder)}`.trim());
      }
      return frames;
    },
  };
}

/** One whose client has said its preface and heard the server's. */
export function greetedClient(maxConcurrentStreams?: number): Scripted {
  const client = scriptedClient(maxConcurrentStreams);
  client.say(PREFACE + settings());
  client.heard();
  return client;
}

function describe(type: number, payload: Uint8Array, decoder: HeaderDecoder): string {
  switch (type) {
    case FrameType.headers:
      return decoder
        .decode(payload)
        .map((header) => header.join("="))
        .join(" ");
    case FrameType.data:
      return latin1(payload, 0, payload.length);
    case FrameType.goaway:
      return `${Buffer.from(payload).readUInt32BE(0)} ${payload[7]} ${latin1(payload, 8, payload.length)}`;
    case FrameType.rstStream:
    case FrameType.windowUpdate:
      return String(Buffer.from(payload).readUInt32BE(0));
  }
  return [...payload].join(",");
}
