// SPDX-License-Identifier: Apache-2.0
// Peers that ask for unusual things, all of which HTTP/2 lets them ask for.
import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders, type Settings } from "node:http2";
import { connect } from "node:net";
import { type Test, test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { prefixed } from "../../lib/rpc/message-prefix.ts";
import { ExportStoreRequest } from "../../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";
import { data, headers, PREFACE, REQUEST, settings } from "./scripted-client.ts";
import { type Served, serve } from "./server-fixture.ts";

const CONTENT = "0123456789abcdef".repeat(10_000);
const exportStore = async () => ({ content: CONTENT });
const path = IPAM_METHODS.exportStore.path;

/** How many bytes of answer Node's client of these settings gets, and the call's status. */
async function ask(t: Test, server: Served, asked: Settings, method = path) {
  const createConnection = () => connect(server.socketPath);
  const session = connectHttp2("http://localhost", { createConnection, settings: asked });
  t.teardown(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": method,
    "content-type": "application/grpc",
  });
  let told: IncomingHttpHeaders = {};
  const tell = (some: IncomingHttpHeaders): void => {
    told = { ...told, ...some };
  };
  stream.on("response", tell).on("trailers", tell);
  stream.end(Buffer.from(prefixed(ExportStoreRequest.encodeOctets({ format: "go" })), "latin1"));
  let length = 0;
  for await (const chunk of stream) length += (chunk as Buffer).length;
  return { length, status: told["grpc-status"], http: told[":status"] };
}

const WHOLE = CONTENT.length + 9;
const cases: [what: string, asked: Settings][] = [
  ["no table for headers", { headerTableSize: 0 }],
  ["a large table for headers", { headerTableSize: 1 << 20 }],
  ["pushes", { enablePush: true }],
  ["frames of 16 MiB", { maxFrameSize: 0xffffff }],
  ["windows of 7 bytes", { initialWindowSize: 7 }],
];

for (const [what, asked] of cases) {
  test(`a peer that asks for ${what}`, async (t) => {
    const server = await serve(t, { exportStore });
    t.same(await ask(t, server, asked), { length: WHOLE, status: "0", http: 200 });
  });
}

test("errors and refusals to a peer without a table for headers", async (t) => {
  const server = await serve(t);
  const asked = { headerTableSize: 0 };
  t.match(await ask(t, server, asked), { length: 0, status: "12" });
  t.match(await ask(t, server, asked, "/a.B/C"), { length: 0, status: "12" });
});

test("a long description of any characters reaches grpc-js", async (t) => {
  for (const character of ["x", "%", "\u4e2d", "\u{1f389}"]) {
    const deallocate = () => Promise.reject(new RpcError(Code.NotFound, character.repeat(100_000)));
    const server = await serve(t, { deallocate });
    const client = createIpamClient(server.address, { timeoutMs: 20_000 });
    t.teardown(() => client.close());
    const error: unknown = await client.deallocate({}).catch((reason: unknown) => reason);
    t.match(error, { code: Code.NotFound, message: new RegExp(`^(${character}){500,7168}\u2026$`, "u") });
  }
});

const deallocate = [[":path", IPAM_METHODS.deallocate.path], ...REQUEST] as const;
const whole = headers(1, 4, deallocate) + data(1, prefixed(""), 1);

test("a peer that ends its side after its request is answered", async (t) => {
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Record<string, never>>();
  const server = await serve(t, {
    deallocate: () => {
      asked.resolve();
      return ended.promise;
    },
  });
  const socket = connect({ path: server.socketPath, allowHalfOpen: true });
  const words: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => {
    words.push(bytes);
    // GOAWAY: the server has seen the end.
    if (bytes.includes("\0\0\x08\x07\0\0\0\0\0", 0, "latin1")) ended.resolve({});
  });
  socket.write(PREFACE + settings() + whole + headers(3, 4, deallocate), "latin1");
  await asked.promise;
  socket.end();
  await once(socket, "close");
  t.match(Buffer.concat(words).toString("latin1"), "grpc-status");
});

test("a peer that ends its side before its request is whole is let go at once", async (t) => {
  const server = await serve(t);
  const socket = connect({ path: server.socketPath, allowHalfOpen: true });
  socket.resume();
  socket.end(PREFACE + settings() + headers(1, 4, deallocate), "latin1");
  await once(socket, "close");
  t.pass("closed");
});
