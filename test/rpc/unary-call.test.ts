// SPDX-License-Identifier: Apache-2.0
// What a call makes of a server's words, however they are cut on their way.
import { test } from "tap";
import { Code, codeName } from "../../lib/rpc/code.ts";
import { FrameType } from "../../lib/rpc/http2-frame.ts";
import { randomFrom } from "./random.ts";
import {
  block,
  data,
  frame,
  headers,
  OK_HEADERS,
  outcome,
  outcomes,
  padded,
  play,
  prefixed,
  settings,
  startCall,
  trailers,
} from "./scripted-server.ts";

const random = randomFrom();
const status = (code: string, text: string): string => `rpc error: code = ${code} desc = ${text}`;
const done = trailers({ "grpc-status": "0" });
const refusal = trailers({ ...OK_HEADERS, "grpc-status": "5", "grpc-message": "no %e2%82%ac 100% %zz %" });

/** Everything a server may do on the way to its answer. */
const thorough = [
  ...settings(0, 5, 0, 0, 0x40, 0, 0, 99, 1, 2, 3, 4),
  ...frame(FrameType.settings, 1, 0, []),
  ...frame(FrameType.windowUpdate, 0, 0, [0, 0, 1, 0]),
  ...frame(FrameType.ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
  ...frame(99, 255, 1, [1, 2, 3]),
  ...frame(FrameType.priority, 0, 1, [0, 0, 0, 0, 1]),
  ...headers({ ":status": "103", link: "x" }),
  ...frame(FrameType.headers, 0x4 | 0x8 | 0x20, 1, padded(7, [0, 0, 0, 0, 1, ...block(OK_HEADERS)])),
  ...frame(FrameType.data, 8, 1, padded(200, prefixed([9, 8, 7]).slice(0, 4))),
  ...data([]),
  ...data(prefixed([9, 8, 7]).slice(4)),
  ...frame(FrameType.headers, 1, 1, block({ "grpc-status": "0" }).slice(0, 5)),
  ...frame(FrameType.continuation, 0, 1, block({ "grpc-status": "0" }).slice(5, 6)),
  ...frame(FrameType.continuation, 4, 1, block({ "grpc-status": "0" }).slice(6)),
];

const ok = [...settings(), ...headers(OK_HEADERS)];
const scripts: [what: string, script: number[], expected: unknown][] = [
  ["an answer with everything around it", thorough, [9, 8, 7]],
  [
    "an answer before a farewell",
    [...settings(), ...frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]), ...thorough],
    [9, 8, 7],
  ],
  ["an empty message", [...ok, ...data(prefixed([])), ...done], []],
  ["trailers only", [...settings(), ...refusal], status("NotFound", "no \u20ac 100% %zz %")],
  [
    "bad UTF-8 in the text",
    [...ok, ...trailers({ "grpc-status": "2", "grpc-message": "a%ffb" })],
    status("Unknown", "a\ufffdb"),
  ],
  [
    "trailers after data",
    [...ok, ...data(prefixed([1])), ...trailers({ "grpc-status": "8" })],
    status("ResourceExhausted", ""),
  ],
  [
    "a code without a name",
    [...settings(), ...trailers({ ...OK_HEADERS, "grpc-status": "42" })],
    status("Code(42)", ""),
  ],
  [
    "a status that is no number",
    [...ok, ...trailers({ "grpc-status": "x" })],
    status("Unknown", 'transport: malformed grpc-status: "x"'),
  ],
  [
    "no status",
    [...ok, ...data(prefixed([1])), ...trailers({ a: "b" })],
    status("Unknown", "the server's trailers have no grpc-status"),
  ],
  [
    "no trailers",
    [...ok, ...frame(0, 1, 1, prefixed([1]))],
    status("Internal", "server closed the stream without sending trailers"),
  ],
  ["no message", [...ok, ...done], status("Internal", "cardinality violation: received no response message")],
  [
    "two messages",
    [...ok, ...data(prefixed([1])), ...data(prefixed([2])), ...done],
    status("Internal", "cardinality violation: received more than one response message"),
  ],
  [
    "half a message",
    [...ok, ...data(prefixed([1, 2]).slice(0, 6)), ...done],
    status("Internal", "unexpected EOF"),
  ],
  ["half a prefix", [...ok, ...data([0, 0]), ...done], status("Internal", "unexpected EOF")],
  [
    "a message above the limit",
    [...ok, ...data([0, 0, 0x40, 0, 1])],
    status("ResourceExhausted", "grpc: received message larger than max (4194305 vs. 4194304)"),
  ],
  [
    "compression without a name",
    [...ok, ...data([1, 0, 0, 0, 0])],
    status("Internal", "grpc: compressed flag set with identity or empty encoding"),
  ],
  [
    "compression",
    [...settings(), ...headers({ ...OK_HEADERS, "grpc-encoding": "gzip" }), ...data([1, 0, 0, 0, 0])],
    status("Unimplemented", 'grpc: no decompressor for grpc-encoding "gzip"'),
  ],
  [
    "an unknown flag",
    [...ok, ...data([7, 0, 0, 0, 0])],
    status("Internal", "grpc: received unexpected payload format 7"),
  ],
  [
    "headers twice",
    [...ok, ...headers(OK_HEADERS)],
    status("Internal", "a HEADERS frame cannot appear in the middle of a stream"),
  ],
  [
    "data first",
    [...settings(), ...data([0])],
    status("Internal", "received DATA before the response's headers"),
  ],
  [
    "no HTTP status",
    [...settings(), ...headers({ "content-type": "application/grpc" })],
    status("Internal", "malformed header: missing HTTP status"),
  ],
  [
    "another content type",
    [...settings(), ...headers({ ":status": "200", "content-type": "text/html" })],
    status("Unknown", 'transport: received unexpected content-type "text/html"'),
  ],
  [
    "no content type",
    [...settings(), ...trailers({ ":status": "503" })],
    status(
      "Unavailable",
      "unexpected HTTP status code received from server: 503 (Service Unavailable); malformed header: missing HTTP content-type",
    ),
  ],
  [
    "an HTTP status of no meaning",
    [...settings(), ...trailers({ ...OK_HEADERS, ":status": "418" })],
    status("Unknown", "unexpected HTTP status code received from server: 418"),
  ],
  [
    "a reset before its time",
    [...settings(), ...frame(3, 0, 1, [0, 0, 0, 7])],
    status("Unavailable", "stream terminated by RST_STREAM with error code: REFUSED_STREAM"),
  ],
  [
    "a cancelled call",
    [...settings(), ...frame(3, 0, 1, [0, 0, 0, 8])],
    status("Canceled", "stream terminated by RST_STREAM with error code: CANCEL"),
  ],
  [
    "a reset of no known reason",
    [...settings(), ...frame(3, 0, 1, [0, 0, 1, 0])],
    status("Unknown", "stream terminated by RST_STREAM with error code: unknown error code 0x100"),
  ],
  [
    "a server that takes no calls",
    [...settings(), ...frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 11])],
    status("Unavailable", "the server refused the call (GOAWAY with error code: ENHANCE_YOUR_CALM)"),
  ],
];

test("answers and refusals", (t) => {
  t.comment(`seed ${random.seed}`);
  for (const [what, script, expected] of scripts) {
    for (const found of outcomes(script, random)) t.same(found, expected, what);
  }
  t.end();
});

test("content types of gRPC", (t) => {
  for (const type of [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc;x=y",
    "Application/GRPC",
  ]) {
    const script = [
      ...settings(),
      ...headers({ ...OK_HEADERS, "content-type": type }),
      ...data(prefixed([1])),
      ...done,
    ];
    t.same(outcome(play(startCall(), script, () => script.length)), [1], type);
  }
  const web = [...settings(), ...headers({ ...OK_HEADERS, "content-type": "application/grpc-web" })];
  t.match(outcome(play(startCall(), web, () => web.length)), /unexpected content-type/);
  t.end();
});

test("every code has its name", (t) => {
  for (let code = 1; code <= 16; code++) {
    const script = [
      ...settings(),
      ...trailers({ ...OK_HEADERS, "grpc-status": String(code), "grpc-message": "why" }),
    ];
    const call = play(startCall(), script, () => script.length);
    t.equal(outcome(call), status(codeName(code), "why"));
  }
  t.end();
});

test("the end of a connection", (t) => {
  const eof = new Uint8Array(0);
  const silent = startCall();
  silent.feed(eof);
  t.equal(outcome(silent), status("Unavailable", "error reading from server: EOF"));
  const farewell = play(startCall(), [...settings(), ...frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 2])], () => 99);
  t.equal(farewell.result, undefined);
  farewell.feed(eof);
  t.equal(
    outcome(farewell),
    status("Unavailable", "error reading from server: EOF, received prior goaway: code: INTERNAL_ERROR"),
  );
  t.end();
});

test("the first end of a call stays", (t) => {
  const expired = startCall();
  expired.expire();
  expired.fail(Code.Internal, "too late");
  play(expired, thorough, () => thorough.length);
  t.equal(outcome(expired), status("DeadlineExceeded", "context deadline exceeded"));
  const answered = play(startCall(), thorough, () => thorough.length);
  answered.expire();
  answered.feed(new Uint8Array(0));
  t.same(outcome(answered), [9, 8, 7]);
  t.end();
});

test("a server that gives up at the deadline has met the deadline", (t) => {
  const expected = status("DeadlineExceeded", "context deadline exceeded");
  const late = trailers({ ...OK_HEADERS, "grpc-status": "4", "grpc-message": "Deadline exceeded" });
  for (const end of [frame(3, 0, 1, [0, 0, 0, 8]), late, trailers({ ...OK_HEADERS, "grpc-status": "1" })]) {
    t.equal(outcome(play(startCall(undefined, 4990), [...settings(), ...end], () => 999)), expected);
    t.not(outcome(play(startCall(undefined, 4900), [...settings(), ...end], () => 999)), expected);
  }
  const other = [...settings(), ...frame(3, 0, 1, [0, 0, 0, 7])];
  t.match(
    outcome(play(startCall(undefined, 4999), other, () => 999)),
    /Unavailable/,
    "only when it gives up",
  );
  t.end();
});
