// SPDX-License-Identifier: Apache-2.0
// The server's side of HTTP/2, frame by frame (RFC 9113).
import { test } from "tap";
import { encodeHeaders } from "../../lib/rpc/hpack.ts";
import { encodeFrame, FrameFlag, FrameType } from "../../lib/rpc/http2-frame.ts";
import {
  ask,
  data,
  greetedClient,
  headers,
  PREFACE,
  REQUEST,
  reset,
  scriptedClient,
  settings,
  windowUpdate,
} from "./scripted-client.ts";

const RESPONSE = "\x88";
const TRAILERS = encodeHeaders([["grpc-status", "0"]]);
const PING = encodeFrame(FrameType.ping, 0, 0, "\x01\x02\x03\x04\x05\x06\x07\x08");
const GREETING = "settings 0 0,3,0,0,0,3,0,6,0,0,64,0";

test("a request and its answer, however the bytes are cut", (t) => {
  for (const pieceSize of [1, 7, 1000]) {
    const client = scriptedClient();
    client.say(PREFACE + settings([4, 100]) + headers(1) + data(1, "ab") + data(1, "cd", 1), pieceSize);
    const [request] = client.requests;
    t.equal(request?.told.join(""), "abcdend");
    t.same(request?.stream.headers, REQUEST);
    t.same(client.heard(), [GREETING, "settings 0"]);
    t.equal(client.protocol.isAnswering, true);
    request?.stream.begin(RESPONSE);
    request?.stream.write("answer");
    request?.stream.end(TRAILERS);
    t.same(client.heard(), ["headers 1 :status=200", "data 1 answer", "headers 1 +end grpc-status=0"]);
    t.equal(client.protocol.isAnswering, false);
    t.equal(request?.told.at(-1), "end", "an answered request is not gone");
  }
  t.end();
});

test("an answer keeps within the windows of stream and connection", (t) => {
  const client = scriptedClient();
  client.say(PREFACE + settings([4, 10]) + ask(1) + ask(3));
  client.heard();
  const [first, second] = client.requests;
  for (const { stream } of client.requests) {
    stream.begin(RESPONSE);
    stream.write("0123456789abcdef");
    stream.end(TRAILERS);
  }
  t.same(
    client.heard().filter((frame) => frame.startsWith("data")),
    ["data 1 0123456789", "data 3 0123456789"],
  );
  t.equal(client.protocol.isHeldBack, true);
  client.say(windowUpdate(1, 4));
  t.same(client.heard(), ["data 1 abcd"]);
  client.say(settings([4, 5]));
  t.same(client.heard(), ["settings 0"], "a smaller initial window takes some away");
  client.say(windowUpdate(1, 6));
  t.same(client.heard(), ["data 1 e"]);
  client.say(windowUpdate(1, 1) + windowUpdate(3, 100));
  t.same(client.heard(), [
    "data 1 f",
    "headers 1 +end grpc-status=0",
    "data 3 abcdef",
    "headers 3 +end grpc-status=0",
  ]);
  t.equal(client.protocol.isHeldBack, false);
  t.equal(client.protocol.dataFrames, 6);
  t.same(
    [first?.told, second?.told],
    [
      ["x", "end"],
      ["x", "end"],
    ],
  );
  t.end();
});

test("the connection's window bounds all answers together", (t) => {
  const client = scriptedClient();
  client.say(PREFACE + settings([4, 1 << 20]) + ask(1) + ask(3));
  client.heard();
  for (const { stream } of client.requests) {
    stream.begin(RESPONSE);
    stream.write("y".repeat(40_000));
    stream.end(TRAILERS);
  }
  const sizes = (frames: readonly string[]): number =>
    frames.filter((frame) => frame.startsWith("data")).reduce((sum, frame) => sum + frame.length - 7, 0);
  t.equal(sizes(client.heard()), 65_535);
  client.say(windowUpdate(0, 14_464));
  t.equal(sizes(client.heard()), 14_464);
  t.equal(client.protocol.isHeldBack, true);
  client.say(windowUpdate(0, 1));
  t.same(client.heard(), ["data 3 y", "headers 3 +end grpc-status=0"]);
  t.end();
});

test("what is read is granted again, and no more is taken than was granted", (t) => {
  const client = greetedClient();
  client.say(headers(1));
  const part = "z".repeat(16_384);
  for (let i = 0; i < 10; i++) client.say(data(1, part));
  const granted = client.heard();
  t.same(new Set(granted), new Set(["windowUpdate 1 32768", "windowUpdate 0 32768"]));
  t.equal(granted.length, 10);
  t.equal(client.requests[0]?.told.join("").length, 10 * part.length);
  const greedy = greetedClient();
  // Data on a stream that is closed counts for the connection all the same.
  greedy.say(headers(1) + reset(1));
  for (let i = 0; i < 10; i++) greedy.say(data(1, part));
  t.equal(greedy.heard().length, 5);
  t.equal(greedy.protocol.isOver, false);
  t.end();
});

test("requests above the limit are refused, and can be made again", (t) => {
  const client = greetedClient(2);
  client.say(ask(1) + ask(3) + ask(5));
  t.same(client.heard(), ["rstStream 5 7"]);
  t.equal(client.requests.length, 2);
  client.say(reset(1) + ask(7));
  t.same(client.requests[0]?.told, ["x", "end", "gone"]);
  t.equal(client.requests.length, 3);
  t.equal(client.protocol.isOver, false);
  t.end();
});

test("a request that is answered before its end is told that no more is wanted", (t) => {
  const client = greetedClient();
  client.say(headers(1) + data(1, "much"));
  client.requests[0]?.stream.end(RESPONSE + TRAILERS);
  t.same(client.heard(), ["headers 1 +end :status=200 grpc-status=0", "rstStream 1 0"]);
  client.say(data(1, "more", 1) + ask(3));
  t.equal(client.requests[0]?.told.join(), "much");
  t.equal(client.requests.length, 2, "and the next one goes on");
  t.end();
});

test("trailers end a request", (t) => {
  const client = greetedClient();
  client.say(headers(1) + data(1, "a") + headers(1, FrameFlag.endHeaders | FrameFlag.endStream));
  t.same(client.requests[0]?.told, ["a", "end"]);
  t.equal(client.protocol.isOver, false);
  t.end();
});

test("headers in CONTINUATION frames, both ways", (t) => {
  const client = greetedClient();
  const block = encodeHeaders(REQUEST);
  client.say(
    encodeFrame(FrameType.headers, 1, 1, block.slice(0, 5)) +
      encodeFrame(FrameType.continuation, 0, 1, block.slice(5, 9)) +
      encodeFrame(FrameType.continuation, 4, 1, block.slice(9)),
  );
  t.same(client.requests[0]?.stream.headers, REQUEST);
  t.same(client.requests[0]?.told, ["end"]);
  client.requests[0]?.stream.end(encodeHeaders([["grpc-message", "m".repeat(40_000)]]));
  const octets = client.protocol.takeOutgoing();
  t.equal(octets.length, 40_000 + 3 * 9 + "grpc-message".length + 6);
  t.equal(octets.charCodeAt(4), FrameFlag.endStream, "the first frame ends the stream, not the block");
  t.end();
});

test("pings, and what means nothing", (t) => {
  const client = greetedClient();
  client.say(PING + encodeFrame(FrameType.ping, FrameFlag.ack, 0, "12345678"));
  client.say(encodeFrame(FrameType.priority, 0, 1, "12345") + encodeFrame(99, 255, 7, "?"));
  client.say(encodeFrame(FrameType.goaway, 0, 0, "\0\0\0\0\0\0\0\0") + encodeFrame(4, 1, 0, ""));
  t.same(client.heard(), ["ping 0 1,2,3,4,5,6,7,8"]);
  client.say(ask(1));
  t.equal(client.requests.length, 1);
  t.end();
});

test("close lets the requests that are here finish", (t) => {
  const client = greetedClient();
  client.say(ask(1));
  client.protocol.close();
  client.protocol.close();
  t.same(client.heard(), ["goaway 0 1 0"]);
  t.equal(client.protocol.isOver, false);
  client.say(ask(3));
  t.same(client.heard(), ["rstStream 3 7"]);
  client.requests[0]?.stream.end(RESPONSE);
  t.equal(client.protocol.isOver, true);
  t.end();
});

test("close waits for the first request of a peer, until it is told to refuse", (t) => {
  const client = greetedClient();
  client.protocol.close();
  t.same(client.heard(), []);
  client.say(ask(1) + ask(3));
  t.same(client.heard(), ["goaway 0 1 0", "rstStream 3 7"]);
  client.requests[0]?.stream.end(RESPONSE);
  t.equal(client.protocol.isOver, true);

  const silent = greetedClient();
  silent.protocol.close();
  silent.protocol.refuse();
  t.same(silent.heard(), ["goaway 0 0 0"]);
  t.equal(silent.protocol.isOver, true);
  const mute = scriptedClient();
  mute.protocol.close();
  t.equal(mute.protocol.isOver, false);
  mute.protocol.refuse();
  t.equal(mute.protocol.isOver, true);
  t.same(mute.heard(), []);
  t.end();
});

const CONTINUATION = encodeFrame(9, 4, 1, encodeHeaders([["c", "d".repeat(1000)]]));
const violations: [what: string, words: string, code: number][] = [
  ["a frame before SETTINGS", headers(1), 1],
  ["an acknowledgement before SETTINGS", encodeFrame(4, 1, 0, ""), 1],
  ["SETTINGS of a wrong size", encodeFrame(4, 0, 0, "abc"), 6],
  ["SETTINGS on a stream", encodeFrame(4, 0, 1, ""), 1],
  ["SETTINGS with push 2", settings([2, 2]), 1],
  ["SETTINGS with a window of 2^31", settings([4, 2 ** 31]), 3],
  ["an acknowledgement with a payload", settings() + encodeFrame(4, 1, 0, "abcdef"), 6],
  ["a stream of an even number", settings() + headers(2), 1],
  ["a request on stream 0", settings() + headers(0), 1],
  ["data on stream 0", settings() + data(0, "x"), 1],
  ["data on an idle stream", settings() + data(1, "x"), 1],
  ["a reset of an idle stream", settings() + reset(1), 1],
  ["a reset of a wrong size", settings() + headers(1) + encodeFrame(3, 0, 1, "abc"), 6],
  ["a window for an idle stream", settings() + windowUpdate(1, 1), 1],
  ["a window that grows by nothing", settings() + windowUpdate(0, 0), 1],
  ["a connection's window over 2^31-1", settings() + windowUpdate(0, 0x7fffffff), 3],
  ["a stream's window over 2^31-1", settings() + headers(1) + windowUpdate(1, 0x7fffffff), 3],
  ["a ping of a wrong size", settings() + encodeFrame(6, 0, 0, "abc"), 6],
  ["a push", settings() + encodeFrame(5, 4, 1, ""), 1],
  ["a CONTINUATION of nothing", settings() + encodeFrame(9, 4, 1, ""), 1],
  ["a frame within a header block", settings() + headers(1, 0) + PING, 1],
  ["a second block of headers that does not end it", settings() + headers(1) + headers(1), 1],
  ["padding longer than the frame", settings() + headers(1) + data(1, "\x09a", 8), 1],
  ["a frame of 16 MiB", `${settings()}\xff\xff\xff\x00\x00\x00\x00\x00\x01`, 6],
  ["headers of 17 KiB", settings() + headers(1, 0, [["a", "b".repeat(16_000)]]) + CONTINUATION, 1],
  ["headers that are 17 KiB when decoded", settings() + encodeFrame(1, 4, 1, "\x82".repeat(420)), 1],
  ["a malformed header block", settings() + encodeFrame(1, 4, 1, "\xff\xff\xff\xff\xff\xff"), 9],
  ["data after the end of a request", settings() + ask(1) + data(1, "more"), 5],
];

for (const [what, words, code] of violations) {
  test(`${what} ends the connection`, (t) => {
    const client = scriptedClient();
    client.say(PREFACE + words);
    t.match(client.heard().at(-1), new RegExp(`^goaway 0 [01] ${code} \\w`));
    t.equal(client.protocol.isOver, true);
    for (const { told } of client.requests) t.equal(told.at(-1), "gone");
    client.say(ask(1));
    t.same(client.heard(), [], "and nothing is heard after it");
    t.end();
  });
}

test("who speaks no HTTP/2 is told nothing", (t) => {
  for (const words of ["GET / HTTP/1.1\r\n\r\n", "\x00", "PRI * HTTP/2.1"]) {
    const client = scriptedClient();
    client.say(words, 3);
    t.equal(client.protocol.isOver, true);
    t.equal(client.protocol.takeOutgoing(), "");
  }
  t.end();
});

test("endless talk is not listened to", (t) => {
  const empty = data(1, "");
  for (const talk of [PING, settings(), empty, windowUpdate(0, 1), encodeFrame(2, 0, 1, "12345")]) {
    const client = greetedClient();
    client.say(headers(1));
    for (let i = 0; i < 9000; i++) client.say(talk);
    client.protocol.forgive();
    for (let i = 0; i < 10_000; i++) client.say(talk);
    t.equal(client.protocol.isOver, false, "so much is allowed at a time");
    client.say(talk);
    t.match(client.heard().at(-1), /^goaway 0 1 11 /);
    t.equal(client.protocol.isOver, true);
  }
  const hasty = greetedClient();
  let id = -1;
  while (!hasty.protocol.isOver) {
    id += 2;
    hasty.say(headers(id) + reset(id));
  }
  t.ok(id > 15_000 && id < 25_000, "requests that are taken back at once");
  t.end();
});
