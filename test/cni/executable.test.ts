// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, truncateSync, unlinkSync, watch, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "tap";
import { Code } from "../../lib/rpc/code.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import type { ParametersRequest } from "../../lib/rpc/messages.ts";
import { run } from "../support/executables.ts";
import { callExecutable, errorOf, giveOne, serveDaemon, temporaryDirectory } from "./executable.ts";

test("every command against a grpc-js daemon", async (t) => {
  const seen: ParametersRequest[] = [];
  const record = async (request: ParametersRequest) => {
    seen.push(request);
    return {};
  };
  const address = `unix://${join(temporaryDirectory(t), "socket")}`;
  await serveDaemon(t, address, {
    allocate: async (request, context) => {
      seen.push(request);
      return giveOne(request, context);
    },
    isAllocated: record,
    deallocate: record,
    checkPools: async ({ pools }) => ({ problems: pools.map((pool) => ({ pool, reason: "voll ✗" })) }),
    collectGarbage: async ({ validAttachments }) => {
      throw new RpcError(Code.Internal, `${validAttachments.length} valid`);
    },
  });
  const ipam = { daemonSocket: address, poolName: "p" };
  const added = await callExecutable({ ipam });
  t.same(JSON.parse(added.stdout), {
    cniVersion: "1.1.0",
    ips: [{ address: "10.0.0.1/24", gateway: "10.0.0.254" }],
  });
  for (const command of ["CHECK", "DEL"]) {
    const { status, stdout } = await callExecutable({ command, ipam });
    t.same([status, stdout], [0, ""], command);
  }
  t.equal(seen.length, 3);
  for (const { parameters } of seen) t.match(parameters, { pools: ["p"], cniContainerid: "container-1" });
  const status = await callExecutable({ command: "STATUS", ipam });
  t.match(errorOf(status), { code: 50, msg: 'pool "p", poolType "ippool": voll ✗' });
  const conf = { "cni.dev/valid-attachments": [{ containerID: "a", ifname: "b" }] };
  const gc = await callExecutable({ command: "GC", ipam, conf });
  t.match(errorOf(gc), { code: 113, msg: "grpc call failed: rpc error: code = Internal desc = 1 valid" });
});

test("TCP by address and by localhost", async (t) => {
  for (const host of ["127.0.0.1", "[::1]"]) {
    const address = await serveDaemon(t, `tcp://${host}:0`, { allocate: giveOne });
    for (const daemonSocket of [address, address.replace(host, "localhost")])
      t.equal((await callExecutable({ ipam: { daemonSocket } })).status, 0, daemonSocket);
  }
});

test("unix:PATH is a path too", async (t) => {
  const path = join(temporaryDirectory(t), "socket");
  await serveDaemon(t, `unix://${path}`, { allocate: giveOne });
  t.equal((await callExecutable({ ipam: { daemonSocket: `unix:${path}` } })).status, 0);
  const long = errorOf(await callExecutable({ ipam: { daemonSocket: `unix://${path}${"x".repeat(200)}` } }));
  t.match(long, { code: 11, msg: /invalid argument/ });
});

test("long and unusual status messages come through", async (t) => {
  const text = `ä ☃ 😀 % %41 "quoted" \t ${"long ".repeat(1000)}`;
  const address = `unix://${join(temporaryDirectory(t), "socket")}`;
  await serveDaemon(t, address, {
    allocate: async () => {
      throw new RpcError(Code.ResourceExhausted, text);
    },
  });
  const outcome = await callExecutable({ ipam: { daemonSocket: address } });
  t.match(errorOf(outcome), {
    code: 108,
    msg: `grpc call failed: rpc error: code = ResourceExhausted desc = ${text}`,
  });
});

/** Resolves once a call has written its first log line, which is before it connects. */
function untilLogged(directory: string, file: string): Promise<void> {
  return new Promise((done) => {
    const watcher = watch(directory, () => check());
    const check = () => {
      if (!existsSync(file)) return;
      watcher.close();
      done();
    };
    check();
  });
}

test("a daemon that comes while the call waits", async (t) => {
  for (const before of ["nothing", "a socket that refuses"]) {
    const directory = temporaryDirectory(t);
    const [path, logFile] = [join(directory, "socket"), join(directory, "log")];
    if (before !== "nothing") await leaveStaleSocket(path);
    const call = callExecutable({
      ipam: { daemonSocket: `unix://${path}`, logFile, daemonCallTimeoutSeconds: 30 },
    });
    await untilLogged(directory, logFile);
    if (before !== "nothing") unlinkSync(path);
    await serveDaemon(t, `unix://${path}`, { allocate: giveOne });
    t.equal((await call).status, 0, before);
  }
});

/** A socket file whose process is gone. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await run(process.execPath, ["-e", script]);
}

test("a daemon that never comes", async (t) => {
  const path = join(temporaryDirectory(t), "socket");
  const outcome = await callExecutable({
    ipam: { daemonSocket: `unix://${path}`, daemonCallTimeoutSeconds: 1 },
  });
  const dial = `connection error: desc = "transport: Error while dialing: dial unix ${path}: connect: no such file or directory"`;
  t.match(errorOf(outcome), {
    code: 11,
    msg: `grpc call failed: rpc error: code = Unavailable desc = ${dial}`,
  });
  t.ok(outcome.elapsedMs >= 1000 && outcome.elapsedMs < 3000, `${outcome.elapsedMs} ms`);
});

test("no descriptor is free", async (t) => {
  const none = await callExecutable({ ipam: { poolName: "p" }, under: ["prlimit", "--nofile=3:3"] });
  t.match(errorOf(none).msg, /too many open files/);
});

test("a log that may not grow does not fail the call", async (t) => {
  const logFile = join(temporaryDirectory(t), "log");
  const limited = { command: "GC", ipam: { logFile }, under: ["prlimit", "--fsize=0:0"] };
  const { status, stderr } = await callExecutable(limited);
  t.same([status, stderr], [0, `nv-ipam: cannot write the log file ${logFile}: file too large\n`]);
});

test("sixteen calls over a full log lose no line", async (t) => {
  const directory = temporaryDirectory(t);
  const logFile = join(directory, "log");
  writeFileSync(logFile, "");
  truncateSync(logFile, 100 * 2 ** 20 - 10);
  const address = `unix://${join(directory, "socket")}`;
  await serveDaemon(t, address, { allocate: giveOne });
  const ids = Array.from({ length: 16 }, (_, i) => `container-${i}-x`);
  const ipam = { daemonSocket: address, logFile };
  await Promise.all(ids.map((id) => callExecutable({ ipam, env: { CNI_CONTAINERID: id } })));
  const text = readFileSync(`${logFile}.1`).subarray(100 * 2 ** 20 - 10) + readFileSync(logFile, "utf8");
  for (const id of ids) t.equal(text.split(`ContainerID: ${id} `).length, 2, id);
  t.notOk(existsSync(`${logFile}.2`), "rotated once");
});

test("an answer that cannot be told is a failure", async (t) => {
  const address = `unix://${join(temporaryDirectory(t), "socket")}`;
  await serveDaemon(t, address, { allocate: giveOne });
  const under = ["/bin/sh", "-c", '"$0" >&-'];
  t.equal((await callExecutable({ ipam: { daemonSocket: address }, under })).status, 1, "stdout is closed");
  const full = ["/bin/sh", "-c", '"$0" >/dev/full'];
  t.equal(
    (await callExecutable({ ipam: { daemonSocket: address }, under: full })).status,
    1,
    "stdout is full",
  );
});

test("stdin of any size and kind", async (t) => {
  const deep = `{"name":"net","x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  const wide = `{"name":"net","x":[${Array(300_000).fill("[]").join(",")}]}`;
  const inputs = {
    nothing: "",
    deep,
    wide,
    zeros: Buffer.alloc(50_000_000),
    "over 1 MiB": " ".repeat(2 ** 20 + 1),
  };
  for (const [name, stdin] of Object.entries(inputs)) {
    const outcome = await callExecutable({ ipam: {}, stdin });
    t.ok(errorOf(outcome).code > 0, name);
  }
});

test("a server that is none of ours", async (t) => {
  const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const path = join(temporaryDirectory(t), "socket");
  await new Promise<void>((done) => server.listen(path, done));
  t.teardown(() => server.close());
  const outcome = await callExecutable({ ipam: { daemonSocket: `unix://${path}` } });
  t.match(errorOf(outcome), { code: 11, msg: /^grpc call failed: rpc error: code = Unavailable desc = ./ });
});
