// SPDX-License-Identifier: Apache-2.0
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "tap";
import { createIpamClient } from "../../lib/rpc/client.ts";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import type { IpamHandlers } from "../../lib/rpc/handlers.ts";
import { encodeFrame, FrameFlag, FrameReader, FrameType } from "../../lib/rpc/http2-frame.ts";
import { AllocateResponse, IPAMMetadata, IPAMParameters, ParametersRequest } from "../../lib/rpc/messages.ts";
import { IPAM_METHODS } from "../../lib/rpc/methods.ts";
import { startRpcServer } from "../../lib/rpc/server.ts";
import type { UnaryCallResult } from "../../lib/rpc/unary-call.ts";
import { handlers, health, serve, temporaryDirectory } from "./server-fixture.ts";
import { beginCall, callOverSocket } from "./socket-driver.ts";

const ALLOCATE = IPAM_METHODS.allocate.path;
const parameters = {
  ...IPAMParameters.decode(new Uint8Array(0)),
  pools: ["a", "b"],
  cniContainerid: "c",
  metadata: { ...IPAMMetadata.decode(new Uint8Array(0)), k8sPodName: "p\u00e4" },
};

/** Whether a frame of headers has come. */
function hasTrailers(words: Buffer): boolean {
  const reader = new FrameReader();
  reader.give(words);
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    if (frame.type === FrameType.headers) return true;
  }
  return false;
}

const describe = (result: UnaryCallResult): string =>
  "error" in result ? result.error.describe() : "answered";
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "answered",
    (error) => error,
  );

test("each RPC reaches its handler, and its answer the caller", async (t) => {
  const asked: [string, unknown][] = [];
  const answers: { [K in keyof IpamHandlers]: Awaited<ReturnType<IpamHandlers[K]>> } = {
    allocate: {
      allocations: [
        { pool: "a", ip: "10.0.0.1/8", gateway: "10.0.0.2", poolType: 1, routes: [{ dest: "0.0.0.0/0" }] },
      ],
    },
    isAllocated: {},
    deallocate: {},
    checkPools: { problems: [{ pool: "a", reason: "empty" }] },
    collectGarbage: { released: 3 },
    listPools: { pools: [], nodeName: "n" },
    listReservations: { reservations: [], nextPageToken: "x" },
    releaseReservations: { released: 5 },
    checkStore: { findings: [{ kind: "integrity", pool: "", poolType: 0, message: "m" }] },
    exportStore: { content: "{}" },
  };
  const recorder = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      async (request: unknown) => {
        asked.push([name, request]);
        return answer;
      },
    ]),
  ) as Partial<IpamHandlers>;
  const server = await serve(t, recorder);
  const client = createIpamClient(server.address, { timeoutMs: 20_000 });
  t.teardown(() => client.close());
  const emptyPage = {
    pageSize: 2,
    pageToken: "",
    pool: "p",
    cniContainerid: "",
    k8sPodName: "",
    k8sPodNamespace: "",
    poolType: 0,
    address: "",
    networkName: "",
  };
  t.same(await client.allocate({ parameters }), answers.allocate);
  t.same(await client.isAllocated({ parameters }), answers.isAllocated);
  t.same(await client.deallocate({ parameters }), answers.deallocate);
  t.same(await client.checkPools({ pools: ["a"] }), answers.checkPools);
  t.same(await client.collectGarbage({ networkName: "n", beganAtMs: 1763712643620 }), answers.collectGarbage);
  t.same(await client.listPools({}), answers.listPools);
  t.same(await client.listReservations({ pageSize: 2, pool: "p" }), answers.listReservations);
  t.same(await client.releaseReservations({}), answers.releaseReservations);
  t.same(await client.checkStore({}), answers.checkStore);
  t.same(await client.exportStore({ format: "go" }), answers.exportStore);
  t.same(asked, [
    ["allocate", { parameters }],
    ["isAllocated", { parameters }],
    ["deallocate", { parameters }],
    ["checkPools", { pools: ["a"], poolType: 0 }],
    ["collectGarbage", { networkName: "n", validAttachments: [], beganAtMs: 1763712643620 }],
    ["listPools", {}],
    ["listReservations", emptyPage],
    ["releaseReservations", { reservations: [] }],
    ["checkStore", {}],
    ["exportStore", { format: "go" }],
  ]);
});

test("an RpcError arrives as it is, anything else as Internal and in the log", async (t) => {
  const logged: unknown[] = [];
  const log = {
    error: (message: string, error: unknown, fields?: object) => logged.push([message, error, fields]),
  };
  const fault = new Error("disk on fire");
  const lone = "half \ud800 pair, 100% \u20ac";
  const server = await serve(
    t,
    {
      allocate: () =>
        Promise.reject(
          new RpcError(Code.NotFound, 'configuration for pool "p", poolType "ippool" not found'),
        ),
      isAllocated: () => Promise.reject(new RpcError(Code.ResourceExhausted, lone)),
      deallocate: () => Promise.reject(fault),
      checkPools: () => {
        throw new RpcError(Code.Unavailable, "at once");
      },
    },
    { log },
  );
  const call = async (path: string): Promise<string> =>
    describe(await callOverSocket({ socketPath: server.socketPath, path }));
  t.equal(
    await call(ALLOCATE),
    'rpc error: code = NotFound desc = configuration for pool "p", poolType "ippool" not found',
  );
  t.equal(
    await call(IPAM_METHODS.isAllocated.path),
    "rpc error: code = ResourceExhausted desc = half \ufffd pair, 100% \u20ac",
  );
  t.equal(await call(IPAM_METHODS.checkPools.path), "rpc error: code = Unavailable desc = at once");
  t.same(logged, []);
  t.equal(await call(IPAM_METHODS.deallocate.path), "rpc error: code = Internal desc = disk on fire");
  t.same(logged, [["call failed", fault, { method: IPAM_METHODS.deallocate.path }]]);
  t.match(await call("/nvidia.ipam.node.v1.IPAMService/Fly"), "code = Unimplemented");
});

test("an overlong description is cut, not the connection", async (t) => {
  const server = await serve(t, {
    allocate: () => Promise.reject(new RpcError(Code.NotFound, "\u{1f389}".repeat(1 << 20))),
  });
  const result = await callOverSocket({ socketPath: server.socketPath, path: ALLOCATE });
  t.match(describe(result), /^rpc error: code = NotFound desc = (\u{1f389})+\ufffd?\u2026$/u);
});

test("what is no request does no harm", async (t) => {
  const server = await serve(t, { allocate: async () => ({ allocations: [] }) });
  const { socketPath } = server;
  const broken = await callOverSocket({ socketPath, path: ALLOCATE, message: Uint8Array.from([0x0a, 9, 1]) });
  t.equal(
    describe(broken),
    "rpc error: code = Internal desc = grpc: error unmarshalling request: protobuf: truncated field",
  );
  const large = await callOverSocket({ socketPath, path: ALLOCATE, message: new Uint8Array((4 << 20) + 1) });
  t.match(describe(large), "code = ResourceExhausted");
  for (const words of [
    "GET / HTTP/1.1\r\n\r\n",
    "\0\0\0",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
  ]) {
    const socket = connect(socketPath);
    socket.end(words, "latin1");
    socket.resume();
    await new Promise((done) => socket.on("error", done).on("close", done));
  }
  const fine = await callOverSocket({
    socketPath,
    path: ALLOCATE,
    message: ParametersRequest.encode({ parameters }),
  });
  t.same("message" in fine && AllocateResponse.decode(fine.message), { allocations: [] });
});

test("the handler learns that the caller's deadline has passed", async (t) => {
  const reason = Promise.withResolvers<unknown>();
  const server = await serve(t, {
    allocate: (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reason.resolve(signal.reason);
          reject(signal.reason);
        });
      }),
  });
  const client = createIpamClient(server.address, { timeoutMs: 100 });
  t.teardown(() => client.close());
  t.match(await rejection(client.allocate({})), { code: Code.DeadlineExceeded });
  t.match(await reason.promise, { code: Code.Canceled, message: "request has been canceled" });
});

test("the handler learns that the caller has gone", async (t) => {
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const server = await serve(t, {
    allocate: (_, { signal }) => {
      begun.resolve();
      signal.addEventListener("abort", () => aborted.resolve());
      return aborted.promise.then(() => ({ allocations: [] }));
    },
  });
  const { socket, bytes } = beginCall({ socketPath: server.socketPath, path: ALLOCATE });
  socket.write(bytes);
  await begun.promise;
  socket.destroy();
  await aborted.promise;
});

test("a call whose deadline passes before its request ends never reaches the handler", async (t) => {
  let calls = 0;
  const count = async (): Promise<Record<string, never>> => {
    calls++;
    return {};
  };
  const server = await serve(t, { deallocate: count });
  const call = { socketPath: server.socketPath, path: IPAM_METHODS.deallocate.path };
  const { socket, bytes } = beginCall({ ...call, timeoutMs: 1 });
  // The last frame, nine bytes and an empty message, does not end the request: one after the refusal does.
  bytes[bytes.length - 10] = 0;
  socket.write(bytes);
  const words: Buffer[] = [];
  // The server's SETTINGS and their acknowledgement, and then its refusal.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    words.push(chunk as Buffer);
    if (hasTrailers(Buffer.concat(words))) break;
  }
  socket.write(encodeFrame(FrameType.data, FrameFlag.endStream, 1, ""), "latin1");
  t.equal(describe(await callOverSocket(call)), "answered");
  t.equal(calls, 1);
});

test("an answered call is not aborted afterwards", async (t) => {
  let signal: AbortSignal | undefined;
  const server = await serve(t, {
    allocate: async (_, context) => {
      signal = context.signal;
      return { allocations: [] };
    },
  });
  await callOverSocket({ socketPath: server.socketPath, path: ALLOCATE });
  await server.stop(20_000);
  t.equal(signal?.aborted, false);
});

test("a Unix socket is its owner's alone, whatever the umask", async (t) => {
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  const server = await serve(t);
  t.equal(process.umask(), 0, "and the umask is as before");
  t.equal((await stat(server.socketPath)).mode & 0o777, 0o600);
});

test("addresses", async (t) => {
  const start = (address: string): Promise<{ address: string; stop(graceMs: number): Promise<void> }> =>
    startRpcServer({ address, handlers: handlers({ deallocate: async () => ({}) }), health: health() });
  const tcp = await start("tcp://127.0.0.1:0");
  t.match(tcp.address, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const client = createIpamClient(tcp.address, { timeoutMs: 20_000 });
  t.same(await client.deallocate({}), {});
  t.match(await rejection(start(tcp.address)), { code: "EADDRINUSE" });
  client.close();
  await tcp.stop(20_000);
  const missing = `unix://${join(await temporaryDirectory(t), "none", "s")}`;
  t.type(await rejection(start(missing)), Error);
  t.match(await rejection(start("http://x")), {
    message: "address http://x is neither unix:///PATH nor tcp://HOST:PORT",
  });
  t.throws(() => createIpamClient("/run/x", { timeoutMs: 1 }), { message: /neither/ });
});
