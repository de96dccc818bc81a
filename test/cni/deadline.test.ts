// SPDX-License-Identifier: Apache-2.0
// Whatever a peer does, a call ends at its deadline, or before, with one error document.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, watch, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "tap";
import { callExecutable, errorOf, serve, temporaryDirectory } from "./executable.ts";

const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const PING = Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
/** DATA on a stream that is not ours. */
const STRAY_DATA = Buffer.concat([Buffer.from([0, 0x40, 0, 0, 0, 0, 0, 0, 3]), Buffer.alloc(0x4000)]);

function repeat(socket: Socket, everyMs: number, make: () => Buffer): void {
  const timer = setInterval(() => socket.write(make()), everyMs);
  socket.on("close", () => clearInterval(timer));
}

/** Writes as fast as the peer reads. */
function flood(socket: Socket, bytes: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes)) {}
  };
  socket.on("drain", more);
  more();
}

const peers: Readonly<Record<string, (socket: Socket) => void>> = {
  "accepts and is silent": (socket) => socket.resume(),
  "does not even read": (socket) => socket.pause(),
  "says SETTINGS and is silent": (socket) => socket.write(SETTINGS),
  "drips one byte at a time": (socket) => {
    let at = 0;
    const stream = Buffer.concat([SETTINGS, PING]);
    repeat(socket, 20, () => stream.subarray(at % stream.length, (at++ % stream.length) + 1));
  },
  "pings for ever": (socket) => {
    socket.write(SETTINGS);
    repeat(socket, 5, () => PING);
  },
  "floods with PING": (socket) => {
    socket.write(SETTINGS);
    flood(socket, Buffer.concat(Array(500).fill(PING)));
  },
  "floods with data of another stream": (socket) => {
    socket.write(SETTINGS);
    flood(socket, STRAY_DATA);
  },
  "sends garbage": (socket) => {
    repeat(socket, 10, () => randomBytes(100));
  },
  "closes at once": (socket) => socket.destroy(),
  "closes after SETTINGS": (socket) => socket.end(SETTINGS),
  "speaks HTTP/1": (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
};

for (const [name, peer] of Object.entries(peers)) {
  test(`a peer that ${name}`, async (t) => {
    const daemonSocket = await serve(t, peer);
    const outcome = await callExecutable({ ipam: { daemonSocket, daemonCallTimeoutSeconds: 1 } });
    const { code, msg } = errorOf(outcome);
    t.match(msg, /^grpc call failed: rpc error: code = \w+ desc = ./);
    t.ok(code === 11 || code === 113, `${code} ${msg}`);
    t.ok(outcome.elapsedMs < 2500, `${outcome.elapsedMs} ms`);
    if (/silent|not even|for ever/.test(name)) {
      t.match(msg, /code = DeadlineExceeded desc = context deadline exceeded$/);
      t.ok(outcome.elapsedMs >= 1000, `${outcome.elapsedMs} ms`);
    }
  });
}

test("STATUS says that such a daemon cannot be used", async (t) => {
  const daemonSocket = await serve(t, (socket) => socket.resume());
  const outcome = await callExecutable({
    command: "STATUS",
    ipam: { daemonSocket, daemonCallTimeoutSeconds: 1 },
  });
  t.match(errorOf(outcome), { code: 50, msg: /DeadlineExceeded/ });
});

test("a listener whose queue is full", async (t) => {
  const path = join(temporaryDirectory(t), "socket");
  const script = `require("net").createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log("up"))`;
  const daemon = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => daemon.kill("SIGKILL"));
  await once(daemon.stdout, "data");
  daemon.kill("SIGSTOP");
  const waiting = Array.from({ length: 3 }, () => connect(path).on("error", () => undefined));
  t.teardown(() => {
    for (const socket of waiting) socket.destroy();
  });
  await Promise.race(waiting.map((socket) => once(socket, "error"))).catch(() => undefined);
  const logFile = `${path}.log`;
  writeFileSync(logFile, "");
  const written: string[] = [];
  const watcher = watch(logFile, () => written.push(readFileSync(logFile, "utf8")));
  const outcome = await callExecutable({
    ipam: { daemonSocket: `unix://${path}`, daemonCallTimeoutSeconds: 1, logFile },
  });
  watcher.close();
  t.match(errorOf(outcome), { code: 11, msg: /DeadlineExceeded/ });
  t.ok(outcome.elapsedMs >= 1000 && outcome.elapsedMs < 2500, `${outcome.elapsedMs} ms`);
  t.match(written[0], /^\S+ \[info\] CMD ADD Call: .*\n$/, "the call has left its line while it waited");
});
