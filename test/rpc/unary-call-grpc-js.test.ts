// SPDX-License-Identifier: Apache-2.0
// The call against a grpc-js server: another implementation of the same protocol, Huffman coding and all.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type handleUnaryCall, Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { type Test, test } from "tap";
import { codeName } from "../../lib/rpc/code.ts";
import type { UnaryCallResult } from "../../lib/rpc/unary-call.ts";
import { randomFrom } from "./random.ts";
import { callOverSocket, fragmentingProxy } from "./socket-driver.ts";

const PATH = "/test.Service/Call";

/** A server with one method; gives its socket. */
async function serve(t: Test, handler: handleUnaryCall<Buffer, Buffer>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "grpc-"));
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const same = (bytes: Buffer): Buffer => bytes;
  server.register(PATH, handler, same, same, "unary");
  const socketPath = join(dir, "s");
  await new Promise<void>((done, fail) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error ? fail(error) : done(),
    );
  });
  t.teardown(async () => {
    server.forceShutdown();
    await rm(dir, { recursive: true });
  });
  return socketPath;
}

function text(result: UnaryCallResult): string {
  return "error" in result ? result.error.describe() : Buffer.from(result.message).toString("latin1");
}

const echo: handleUnaryCall<Buffer, Buffer> = (call, respond) => respond(null, call.request);

test("messages of all sizes come back as they went", async (t) => {
  const socketPath = await serve(t, echo);
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  for (const size of [0, 1, 16379, 16384, 65530, 65531, 70_000, 1_000_000, 4 << 20]) {
    const message = new Uint8Array(size).map((_, i) => (i * 31 + random.seed) & 255);
    const result = await callOverSocket({ socketPath, path: PATH, message });
    t.equal("message" in result && Buffer.compare(result.message, message), 0, `${size} bytes`);
  }
});

test("an answer above the limit is refused", async (t) => {
  const socketPath = await serve(t, echo);
  const result = await callOverSocket({ socketPath, path: PATH, message: new Uint8Array((4 << 20) + 1) });
  t.match(
    text(result),
    "ResourceExhausted desc = grpc: received message larger than max (4194305 vs. 4194304)",
  );
});

test("every code with its text", async (t) => {
  const socketPath = await serve(t, (call, respond) => {
    respond({ code: Number(call.request.toString()), details: 'why \u20ac 100% "x"' });
  });
  for (let code = 1; code <= 16; code++) {
    const result = await callOverSocket({ socketPath, path: PATH, message: Buffer.from(String(code)) });
    t.equal(text(result), `rpc error: code = ${codeName(code)} desc = why \u20ac 100% "x"`);
  }
});

test("very long status messages, with and without a response before", async (t) => {
  const details = "\u65e5\u672c\u8a9e %41 \u{1f389}".repeat(5000);
  const socketPath = await serve(t, (call, respond) => {
    if (call.request.length > 0) call.sendMetadata(new Metadata());
    respond({ code: 5, details });
  });
  for (const message of [new Uint8Array(0), new Uint8Array(1)]) {
    const result = await callOverSocket({ socketPath, path: PATH, message });
    t.equal(
      "error" in result && result.error.message === details,
      true,
      `${Buffer.byteLength(details)} bytes of text`,
    );
  }
});

test("a server whose words come in pieces", async (t) => {
  const details = "pieces \u20ac ".repeat(2000);
  const socketPath = await serve(t, (call, respond) => {
    if (call.request.length === 0) respond({ code: 8, details });
    else respond(null, call.request);
  });
  const random = randomFrom();
  t.comment(`seed ${random.seed}`);
  for (const [name, pieceLength] of [
    ["bytewise", () => 1],
    ["random", () => random.below(50)],
  ] as const) {
    const cut = `${socketPath}-${name}`;
    const proxy = await fragmentingProxy(socketPath, cut, pieceLength);
    const refused = await callOverSocket({ socketPath: cut, path: PATH });
    t.equal("error" in refused && refused.error.message, details, name);
    const message = random.bytes(20_000);
    const answered = await callOverSocket({ socketPath: cut, path: PATH, message });
    t.equal("message" in answered && Buffer.compare(answered.message, message), 0, name);
    proxy.close();
    await once(proxy, "close");
  }
});

test("metadata of the server's is passed over", async (t) => {
  const socketPath = await serve(t, (call, respond) => {
    const metadata = new Metadata();
    for (let i = 0; i < 50; i++) metadata.set(`x-${i}`, `value ${"y".repeat(i * 10)}`);
    call.sendMetadata(metadata);
    respond(null, Buffer.from("fine"), metadata);
  });
  t.equal(text(await callOverSocket({ socketPath, path: PATH })), "fine");
});

test("a silent server meets the deadline, and learns that the caller has gone", async (t) => {
  const heard = Promise.withResolvers<void>();
  const socketPath = await serve(t, (call) => call.once("cancelled", () => heard.resolve()));
  const began = performance.now();
  const result = await callOverSocket({ socketPath, path: PATH, timeoutMs: 150 });
  t.equal(text(result), "rpc error: code = DeadlineExceeded desc = context deadline exceeded");
  t.ok(performance.now() - began >= 149);
  await heard.promise;
});

test("an unknown method, and no server at all", async (t) => {
  const socketPath = await serve(t, echo);
  t.match(
    text(await callOverSocket({ socketPath, path: "/a.B/C" })),
    "rpc error: code = Unimplemented desc = ",
  );
  t.match(text(await callOverSocket({ socketPath: `${socketPath}-none`, path: PATH })), "code = Unavailable");
});
