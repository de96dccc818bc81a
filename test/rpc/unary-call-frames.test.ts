// SPDX-License-Identifier: Apache-2.0
// The rules of HTTP/2 that the call keeps and demands (RFC 9113).
import { test } from "tap";
import { HeaderDecoder } from "../../lib/rpc/hpack.ts";
import { FrameFlag, FrameType } from "../../lib/rpc/http2-frame.ts";
import type { UnaryCall } from "../../lib/rpc/unary-call.ts";
import { randomFrom } from "./random.ts";
import {
  block,
  data,
  frame,
  headers,
  OK_HEADERS,
  outcome,
  outcomes,
  play,
  prefixed,
  sentFrames,
  settings,
  startCall,
  trailers,
} from "./scripted-server.ts";

const initialWindow = (size: number): number[] => [
  0,
  4,
  size >>> 24,
  (size >> 16) & 255,
  (size >> 8) & 255,
  size & 255,
];
const windowUpdate = (stream: number, by: number): number[] =>
  frame(FrameType.windowUpdate, 0, stream, [by >>> 24, (by >> 16) & 255, (by >> 8) & 255, by & 255]);
const ping = (flags = 0): number[] => frame(FrameType.ping, flags, 0, [1, 2, 3, 4, 5, 6, 7, 8]);

test("violations end the call", (t) => {
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  const violations: [what: string, frames: number[], text: string][] = [
    ["a frame above the limit", [0, 0x40, 1, 0, 0, 0, 0, 0, 1], "frame too large"],
    ["settings of a wrong size", settings(0, 4, 0), "SETTINGS of a wrong size"],
    [
      "a window above the limit",
      settings(...initialWindow(0x80000000)),
      "SETTINGS with an initial window over 2^31-1",
    ],
    ["server push", settings(0, 2, 0, 0, 0, 1), "SETTINGS that enable server push"],
    ["a small frame size", settings(0, 5, 0, 0, 0x3f, 0xff), "SETTINGS with a wrong frame size"],
    ["a huge frame size", settings(0, 5, 1, 0, 0, 0), "SETTINGS with a wrong frame size"],
    ["settings on a stream", frame(4, 0, 1, []), "frame of type 4 on stream 1"],
    ["a full acknowledgement", frame(4, 1, 0, initialWindow(1)), "frame of type 4 with a wrong size"],
    ["a push", frame(5, 4, 1, [0, 0, 0, 2]), "PUSH_PROMISE received"],
    ["a short ping", frame(6, 0, 0, [1]), "frame of type 6 with a wrong size"],
    ["a ping on a stream", frame(6, 0, 1, [1, 2, 3, 4, 5, 6, 7, 8]), "frame of type 6 on stream 1"],
    ["a short farewell", frame(7, 0, 0, [0, 0, 0, 1]), "GOAWAY of a wrong size"],
    ["a short reset", frame(3, 0, 1, [0]), "frame of type 3 with a wrong size"],
    ["a reset of no stream", frame(3, 0, 0, [0, 0, 0, 8]), "frame of type 3 on stream 0"],
    ["a window that grows by nothing", windowUpdate(1, 0), "WINDOW_UPDATE by nothing"],
    ["a stream window above the limit", windowUpdate(1, 0x7fffffff), "flow-control window over 2^31-1"],
    ["a connection window above the limit", windowUpdate(0, 0x7fffffff), "flow-control window over 2^31-1"],
    ["a window of another stream", windowUpdate(3, 1), "frame of type 8 on stream 3"],
    ["data of another stream", frame(0, 0, 3, [1]), "frame of type 0 on stream 3"],
    ["headers of another stream", frame(1, 4, 2, block(OK_HEADERS)), "frame of type 1 on stream 2"],
    ["padding beyond the frame", frame(0, 8, 1, [9, 1]), "padding longer than the frame"],
    ["padding without its length", frame(0, 8, 1, []), "padding longer than the frame"],
    ["headers too short for a priority", frame(1, 0x24, 1, [1, 2]), "HEADERS too short for its priority"],
    [
      "a frame inside a header block",
      [...frame(1, 0, 1, block(OK_HEADERS)), ...ping()],
      "expected CONTINUATION",
    ],
    ["a stray continuation", frame(9, 4, 1, block(OK_HEADERS)), "unexpected CONTINUATION"],
    ["a broken header block", frame(1, 4, 1, [0x80]), "hpack: no entry 0"],
  ];
  for (const [what, frames, text] of violations) {
    const expected = `rpc error: code = Internal desc = http2: ${text}`;
    for (const found of outcomes([...settings(), ...frames], random)) t.equal(found, expected, what);
  }
  t.end();
});

test("a peer that is no HTTP/2 server", (t) => {
  const web = [...Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")];
  for (const words of [web, ping(), frame(FrameType.settings, 1, 0, [])]) {
    const call = play(startCall(), words, () => words.length);
    t.match(outcome(call), /^rpc error: code = Unavailable desc = error reading server preface: http2: /);
  }
  t.end();
});

test("what is said first", (t) => {
  const call = startCall(Uint8Array.from([1, 2, 3]));
  const octets = call.takeOutgoing();
  t.equal(octets.slice(0, 24), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  t.equal(call.takeOutgoing(), "");
  const [first, window, request, body, ...rest] = sentFrames(startCall(Uint8Array.from([1, 2, 3])));
  t.same(first?.payload, [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 255, 255, 255]);
  t.same(window, { type: FrameType.windowUpdate, flags: 0, stream: 0, payload: [0x7f, 255, 0, 0] });
  t.same(new HeaderDecoder(9999).decode(Uint8Array.from(request!.payload)), [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/package.Service/Method"],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ["grpc-timeout", "5000m"],
  ]);
  t.same(body, {
    type: FrameType.data,
    flags: FrameFlag.endStream,
    stream: 1,
    payload: [0, 0, 0, 0, 3, 1, 2, 3],
  });
  t.same(rest, []);
  t.end();
});

test("settings and pings are acknowledged, acknowledgements are not", (t) => {
  const call = startCall();
  call.takeOutgoing();
  play(
    call,
    [...settings(), ...frame(FrameType.settings, 1, 0, []), ...ping(), ...ping(FrameFlag.ack)],
    () => 99,
  );
  t.same(sentFrames(call), [
    { type: FrameType.settings, flags: FrameFlag.ack, stream: 0, payload: [] },
    { type: FrameType.ping, flags: FrameFlag.ack, stream: 0, payload: [1, 2, 3, 4, 5, 6, 7, 8] },
  ]);
  t.end();
});

test("a large request waits for its windows", (t) => {
  const call = startCall(new Uint8Array(200000));
  const sentBytes = (): number => {
    const frames = sentFrames(call).filter(({ type }) => type === FrameType.data);
    t.ok(frames.every(({ payload }) => payload.length <= 16384));
    return frames.reduce((sum, { payload }) => sum + payload.length, 0);
  };
  const afterHearing = (words: number[]): number => {
    play(call, words, () => words.length);
    return sentBytes();
  };
  t.equal(sentBytes(), 65535, "the initial window");
  t.equal(afterHearing([...settings(), ...windowUpdate(0, 0x10000)]), 0, "the stream's is still closed");
  t.equal(afterHearing(windowUpdate(1, 10)), 10, "both are open");
  t.equal(afterHearing(settings(...initialWindow(0x1ffff))), 65526, "the connection's closes first");
  t.equal(afterHearing(settings(...initialWindow(0))), 0, "the stream's is below zero");
  t.equal(afterHearing(windowUpdate(0, 0x100000)), 0);
  t.equal(afterHearing(windowUpdate(1, 0x100000)), 200005 - 65535 - 10 - 65526, "the rest");
  t.end();
});

function flood(call: UnaryCall, words: number[], times: number): UnaryCall {
  const piece = Uint8Array.from(Array.from({ length: 100 }, () => words).flat());
  for (let i = 0; i < times / 100 && call.result === undefined; i++) call.feed(piece);
  return call;
}

test("floods end the call before they fill memory or time", (t) => {
  const tooMany = /http2: too many frames without data/;
  for (const [what, words] of [
    ["pings", ping()],
    ["settings", settings()],
    ["empty data", data([])],
    ["padding", frame(FrameType.data, 8, 1, [3, 0, 0, 0])],
    ["unknown frames", frame(0x77, 0, 1, [])],
    ["window updates", windowUpdate(0, 1)],
    ["early hints", headers({ ":status": "103" })],
  ] as const) {
    const isBody = what === "empty data" || what === "padding";
    const call = play(startCall(), [...settings(), ...(isBody ? headers(OK_HEADERS) : [])], () => 999);
    t.match(outcome(flood(call, [...words], 3000)), tooMany, what);
    t.ok(call.takeOutgoing().length < 100_000, what);
  }
  const fragments = play(startCall(), [...settings(), ...frame(1, 0, 1, [])], () => 99);
  t.match(outcome(flood(fragments, frame(9, 0, 1, []), 3000)), tooMany, "fragments");
  t.end();
});

test("header blocks beyond a mebibyte are refused", (t) => {
  const call = play(startCall(), [...settings(), ...frame(1, 0, 1, [])], () => 99);
  const part = Uint8Array.from(frame(FrameType.continuation, 0, 1, new Uint8Array(16384)));
  for (let i = 0; i < 64; i++) call.feed(part);
  t.equal(call.result, undefined);
  call.feed(part);
  t.match(outcome(call), /http2: header block too large/);
  t.end();
});

test("an answer of exactly four mebibytes, in small pieces", (t) => {
  const call = play(
    startCall(),
    [...settings(), ...headers(OK_HEADERS), ...data([0, 0, 0x40, 0, 0])],
    () => 99,
  );
  const began = performance.now();
  const piece = Uint8Array.from(data(new Uint8Array(64).fill(7)));
  for (let sent = 0; sent < 4 << 20; sent += 64) call.feed(piece);
  play(call, trailers({ "grpc-status": "0" }), () => 3);
  const answer = call.result !== undefined && "message" in call.result ? call.result.message : undefined;
  t.equal(Buffer.compare(answer ?? Buffer.alloc(0), Buffer.alloc(4 << 20, 7)), 0);
  t.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
  const over = play(
    startCall(),
    [...settings(), ...headers(OK_HEADERS), ...data(prefixed([1, 2])), ...data([3])],
    () => 99,
  );
  t.match(outcome(over), /more than one response message/);
  t.end();
});
