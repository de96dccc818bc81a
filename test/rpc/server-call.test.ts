// SPDX-License-Identifier: Apache-2.0
// What the server makes of requests that no gRPC library sends.
import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { type Test, test } from "tap";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";
import { encodeGrpcMessage, parseGrpcTimeout } from "../../lib/rpc/wire-metadata.ts";
import { serve } from "./server-fixture.ts";

const frame = (...bytes: number[]): Buffer => Buffer.from([0, 0, 0, 0, bytes.length, ...bytes]);
const usual = {
  ":method": "POST",
  ":path": IPAM_METHODS.deallocate.path,
  "content-type": "application/grpc",
};

/** The response's headers and trailers as one. */
async function ask(
  t: Test,
  socketPath: string,
  headers: object,
  body?: Buffer,
): Promise<IncomingHttpHeaders> {
  const session = connect("http://localhost", { createConnection: () => connectSocket(socketPath) });
  t.teardown(() => session.destroy());
  const stream = session.request({ ...usual, ...headers });
  stream.resume();
  stream.on("error", () => undefined); // a reset after the response is no failure
  let trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (some: IncomingHttpHeaders) => {
    trailers = some;
  });
  if (body !== undefined) stream.end(body);
  const closed = once(stream, "close");
  const [response] = (await once(stream, "response")) as [IncomingHttpHeaders];
  await closed;
  return { ...response, ...trailers };
}

const cases: [what: string, headers: object, body: Buffer | undefined, answer: object][] = [
  ["a request that is fine", {}, frame(), { ":status": 200, "grpc-status": "0" }],
  [
    "with a content-type of its own",
    { "content-type": "application/grpc+proto" },
    frame(),
    { "grpc-status": "0" },
  ],
  ["no gRPC", { "content-type": "text/plain" }, frame(), { ":status": 415 }],
  ["no content-type", { "content-type": "" }, frame(), { ":status": 415 }],
  [
    "a timeout without unit",
    { "grpc-timeout": "5" },
    frame(),
    { "grpc-status": "13", "grpc-message": "malformed grpc-timeout" },
  ],
  ["a timeout that is over", { "grpc-timeout": "1n" }, undefined, { "grpc-status": "4" }],
  ["nothing", {}, Buffer.alloc(0), { "grpc-status": "13", "grpc-message": "request without a message" }],
  ["two messages", {}, Buffer.concat([frame(), frame()]), { "grpc-status": "13" }],
  ["a message that is cut off", {}, frame(10, 0).subarray(0, 6), { "grpc-status": "13" }],
  ["a compressed message", {}, Buffer.from([1, 0, 0, 0, 0]), { "grpc-status": "12" }],
  ["a length of 4 GiB", {}, Buffer.from([0, 255, 255, 255, 255]), { "grpc-status": "8" }],
  [
    "another service",
    { ":path": "/a.B/C" },
    frame(),
    { "grpc-status": "12", "grpc-message": "unknown service a.B" },
  ],
  ["no path at all", { ":path": "/" }, frame(), { "grpc-status": "12" }],
];

for (const [what, headers, body, answer] of cases) {
  test(`answers ${what}`, async (t) => {
    const server = await serve(t, { deallocate: async () => ({}) });
    t.match(await ask(t, server.socketPath, headers, body), answer);
  });
}

test("a request that never ends does not keep its connection for ever", async (t) => {
  const server = await serve(t, {}, { limits: { maxIdleMs: 50 } });
  const session = connect("http://localhost", { createConnection: () => connectSocket(server.socketPath) });
  session.on("error", () => undefined);
  const stream = session.request(usual);
  stream.on("error", () => undefined);
  stream.write(frame().subarray(0, 3));
  await once(session, "close");
  t.pass("closed");
});

test("grpc-timeout", (t) => {
  for (const [text, ms] of [
    ["2H", 7_200_000],
    ["3M", 180_000],
    ["5S", 5000],
    ["5000m", 5000],
    ["1500u", 1.5],
    ["99999999H", 2 ** 31 - 1],
  ] as const) {
    t.equal(parseGrpcTimeout(text), ms, text);
  }
  t.equal(parseGrpcTimeout(undefined), undefined);
  for (const text of ["", "5", "m", "-1m", "1.5S", "123456789m", "1 m"])
    t.same(parseGrpcTimeout(text), Number.NaN, text);
  t.end();
});

test("grpc-message", (t) => {
  t.equal(encodeGrpcMessage('pool "p", ~'), 'pool "p", ~');
  t.equal(encodeGrpcMessage("100% \u20ac\n"), "100%25 %E2%82%AC%0A");
  t.end();
});
