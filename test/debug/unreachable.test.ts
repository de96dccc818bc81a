// SPDX-License-Identifier: Apache-2.0
// What the commands say when the daemon cannot or will not tell, and when the store cannot either.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type Test, test } from "tap";
import { startRpcServer } from "../../lib/rpc/server.ts";
import { makePlace, type Place, parsed, pod, run, startDaemon } from "./debug-fixture.ts";

const commands = [["pools"], ["reservations"], ["release", "--pod", "a/b", "--yes"]];

/** A daemon that knows none of this project's RPCs. */
async function startGoDaemon(t: Test): Promise<Place> {
  const place = makePlace(t);
  const server = new Server();
  await new Promise<void>((done, fail) => {
    const address = place.socket.replace("unix://", "unix:");
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? fail(error) : done()));
  });
  t.teardown(() => server.forceShutdown());
  return place;
}

test("a Go daemon is called by its name", async (t) => {
  const place = await startGoDaemon(t);
  for (const command of commands) {
    const outcome = await run(place, command);
    t.match(outcome, { status: 1, stdout: "" });
    t.match(
      outcome.stderr,
      /^the daemon at unix:\S+ does not know List(Pools|Reservations): it is the Go daemon [^\n]*\n$/,
    );
  }
  const findings = parsed(await run(place, ["check", "-o", "json"])) as object[];
  t.match(findings[0], {
    check: "socket",
    severity: "error",
    message: /it is the Go daemon/,
    fix: /ipam-node/,
  });
});

test("a daemon whose store is damaged says so itself", async (t) => {
  const place = makePlace(t);
  writeFileSync(place.store, "no database".repeat(1000));
  await startDaemon(t, { place });
  for (const command of commands) {
    const outcome = await run(place, command);
    t.match(outcome, { status: 1, stdout: "" });
    t.match(outcome.stderr, /^the daemon at unix:\S+ cannot answer: store \S+ is damaged [^\n]*\n$/);
  }
  const findings = parsed(await run(place, ["check", "-o", "json"])) as object[];
  t.match(findings[0], { check: "store", severity: "error", message: /is damaged/ });
});

test("one that accepts and stays silent is not waited for longer than said", async (t) => {
  const place = makePlace(t);
  const server = createServer((socket) => void socket.on("error", () => undefined));
  server.listen(place.socket.slice("unix://".length));
  await once(server, "listening");
  const connections = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => connections.add(socket));
  t.teardown(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  const outcome = await run(place, ["pools", "--timeout", "0.2"]);
  t.match(outcome, {
    status: 1,
    stderr: /^the daemon at unix:\S+ did not answer ListPools within 0\.2 s\n$/,
  });
});

test("one that speaks something else fails in one line", async (t) => {
  const place = makePlace(t);
  const server = createHttp2Server((_request, response) => response.end("<html>"));
  server.listen(place.socket.slice("unix://".length));
  await once(server, "listening");
  t.teardown(() => server.close());
  const outcome = await run(place, ["pools"]);
  t.match(outcome, { status: 1, stdout: "", stderr: /^the daemon at unix:[^\n]+\n$/ });
});

test("over TCP too, also when it listens on every interface", async (t) => {
  const daemon = await startDaemon(t);
  await daemon.reserve("a", pod("web"));
  const server = await startRpcServer({
    address: "tcp://127.0.0.1:0",
    handlers: daemon.service,
    health: { serving: () => true, onChange: () => () => undefined },
  });
  const port = server.address.split(":").at(-1);
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0", ""]) {
    const outcome = await run({ ...daemon, socket: `tcp://${host}:${port}` }, ["reservations", "-o", "json"]);
    t.match(parsed(outcome), [{ podName: "web" }], host);
  }
  await server.stop(0);
  await daemon.stop();
  const outcome = await run({ ...daemon, socket: `tcp://127.0.0.1:${port}` }, ["reservations"]);
  t.match(outcome, { status: 0, stdout: /shop\/web/, stderr: /\(connection refused\): this is what store/ });
});

test("without a daemon, each state of the store is told apart", async (t) => {
  const running = await startDaemon(t);
  const makers: [string, (place: Place) => void, RegExp][] = [
    [
      "missing",
      () => undefined,
      /\(there is no such socket\), and there is no store \S+: none is needed .*--store-file\n$/,
    ],
    [
      "damaged",
      ({ store }) => writeFileSync(store, "x".repeat(5000)),
      /, and store \S+ is damaged [^\n]*: "ipam-node recover" says first what it would do\n$/,
    ],
    [
      "Go's",
      ({ store }) => writeFileSync(store, '{"version":1}'),
      /, and store \S+ is a store of the Go daemon/,
    ],
    ["a directory", ({ store }) => mkdirSync(store), /^cannot read store \S+: it is not a regular file\n$/],
    [
      "a pipe",
      ({ store }) => execFileSync("mkfifo", [store]),
      /^cannot read store \S+: it is not a regular file\n$/,
    ],
    [
      "no socket",
      ({ socket }) => writeFileSync(socket.slice("unix://".length), ""),
      /\(what lies there is no socket\), and there is no store/,
    ],
  ];
  for (const [what, make, says] of makers) {
    const place = makePlace(t);
    make(place);
    for (const command of ["pools", "reservations"]) {
      const outcome = await run(place, [command]);
      t.match(outcome, { status: 1, stdout: "", stderr: says }, what);
      t.match(outcome.stderr, /^[^\n]+\n$/);
    }
  }
  const elsewhere = { ...running, socket: `unix://${dirname(running.store)}/other.sock` };
  t.match(await run(elsewhere, ["pools"]), {
    status: 1,
    stderr:
      /store \S+ is in use by a daemon, which is starting or stopping or listens elsewhere: wait until .*--bind-address\n$/,
  });
});
