// SPDX-License-Identifier: Apache-2.0
// A daemon that runs: what it leaves on the host, how it logs, how it ends.

import { once } from "node:events";
import { existsSync, lstatSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "tap";
import { makePlaces, runEntry, startEntry } from "./entry.ts";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends it with status 0, the socket gone and the store closed`, async (t) => {
    const { dir, socket, flags } = makePlaces(t);
    const daemon = await startEntry(t, flags);
    t.ok(lstatSync(socket).isSocket());
    t.equal(lstatSync(socket).mode & 0o777, 0o600);
    t.same([...readdirSync(`${dir}/bin`), ...readdirSync(`${dir}/conf`)], ["nv-ipam", "nv-ipam.conf"]);
    t.equal(await daemon.end(signal), 0);
    t.notOk(existsSync(socket));
    t.same(readdirSync(`${dir}/store`), ["store", "store-wal-spare"], "the log of the database went into it");
    t.equal(daemon.lines.at(-1)?.msg, "stopped");
  });
}

test("connections that stay open do not keep it from ending within 5 s", async (t) => {
  const { socket, flags } = makePlaces(t);
  const daemon = await startEntry(t, flags);
  const idle = connect(socket);
  idle.on("error", () => undefined);
  await once(idle, "connect");
  const began = performance.now();
  t.equal(await daemon.end("SIGTERM"), 0);
  t.ok(performance.now() - began < 5000);
  idle.destroy();
});

test("after SIGKILL it starts again over what was left", async (t) => {
  const { socket, flags } = makePlaces(t);
  t.equal(await (await startEntry(t, flags)).end("SIGKILL"), "SIGKILL");
  t.ok(lstatSync(socket).isSocket(), "a stale socket");
  t.equal(await (await startEntry(t, flags)).end("SIGTERM"), 0);
});

test("JSON lines, and one warning for all flags of a Go logger", async (t) => {
  const { flags } = makePlaces(t);
  const daemon = await startEntry(t, [...flags, "--vmodule=a=1", "--log_flush_frequency", "5s", "-v=1"]);
  for (const line of daemon.lines) {
    t.match(line, { ts: Number, level: /^(info|warn|error)$/, logger: /^node/, msg: String, v: Number });
  }
  const warnings = daemon.lines.filter(({ flags }) => flags !== undefined);
  t.equal(warnings.length, 1);
  t.match(warnings[0], { level: "warn", flags: "--log-flush-frequency,--vmodule" });
  t.ok(daemon.lines.some(({ v }) => v === 1));
  t.equal(await daemon.end("SIGTERM"), 0);
});

test("flags that nothing comes of, plugins that are told to call elsewhere", async (t) => {
  const { socket, flags } = makePlaces(t);
  const more = ["--kubeconfig=/none", "--cleaner-interval=9", "--cni-daemon-socket=unix:///none/d.sock"];
  const last = "plugins are told to call another address than the daemon listens at";
  const daemon = await startEntry(t, [...flags, ...more], last);
  t.equal(await daemon.end("SIGTERM"), 0);
  const warnings = daemon.lines.filter(({ level, logger }) => level === "warn" && logger === "node");
  t.match(warnings, [
    { msg: "these flags have no effect with --pools-dir", flags: "--kubeconfig,--cleaner-interval" },
    { msg: last, cniDaemonSocket: "unix:///none/d.sock", bindAddress: `unix://${socket}` },
  ]);
  const well = await startEntry(t, [...flags, `--cni-daemon-socket=unix://${socket}`]);
  t.equal(await well.end("SIGTERM"), 0);
  t.notOk(well.lines.some(({ msg }) => msg === last));
});

test("on TCP it says which port it got; loopback is nothing to warn about", async (t) => {
  const open = await startEntry(t, [...makePlaces(t).flags, "--bind-address=tcp://127.0.0.1:0"]);
  t.notOk(open.lines.some(({ msg }) => msg.includes("authentication")));
  t.match(open.lines.find(({ msg }) => msg === "listening")?.address, /^tcp:\/\/127\.0\.0\.1:[1-9]/);
  t.equal(await open.end("SIGTERM"), 0);
});

test("skipped parts are not installed", async (t) => {
  const { dir, flags } = makePlaces(t);
  const daemon = await startEntry(t, [
    ...flags,
    "--cni-skip-nv-ipam-binary-copy",
    "--cni-skip-nv-ipam-config-creation",
    "--cni-bin-dir=/none",
    "--cni-conf-dir=/none",
    "--cni-log-file=/none/x.log",
  ]);
  t.same([...readdirSync(`${dir}/bin`), ...readdirSync(`${dir}/conf`)], []);
  t.equal(await daemon.end("SIGTERM"), 0);
});

test("a damaged store: up, not ready, untouched", async (t) => {
  const { dir, flags } = makePlaces(t);
  writeFileSync(`${dir}/store/store`, "x".repeat(5000));
  const before = statSync(`${dir}/store/store`).mtimeMs;
  const daemon = await startEntry(t, flags, "not serving");
  t.equal(statSync(`${dir}/store/store`).mtimeMs, before);
  t.notOk(daemon.lines.some(({ msg }) => msg === "ready"));
  t.equal(await daemon.end("SIGTERM"), 0);
});

test("a store that is deleted underneath: said once, not ready, and the end is clean", async (t) => {
  const { dir, socket, flags } = makePlaces(t);
  const daemon = await startEntry(t, [...flags, "--health-probe-bind-address=127.0.0.1:0"]);
  const { address } = daemon.lines.find(({ logger }) => logger === "node.probes") as { address?: string };
  rmSync(`${dir}/store/store`);
  const { status, stderr } = await runEntry(["pools", `--bind-address=unix://${socket}`]);
  t.equal(status, 1);
  t.match(stderr, /cannot answer: store \S+ or its -wal was removed or replaced/);
  t.match(await (await fetch(`http://${address}/readyz`)).text(), /^not ready: store .* was removed/);
  t.equal(await daemon.end("SIGTERM"), 0);
  const told = daemon.lines.filter((line) => JSON.stringify(line).includes("was removed"));
  t.match(told, [{ msg: "not serving" }]);
  t.equal(told.length, 1);
});

test("probes of a running daemon", async (t) => {
  const { dir, flags } = makePlaces(t);
  const daemon = await startEntry(t, [...flags, "--health-probe-bind-address=127.0.0.1:0"]);
  const { address } = daemon.lines.find(({ logger }) => logger === "node.probes") as unknown as {
    address: string;
  };
  for (const path of ["healthz", "readyz"]) {
    const response = await fetch(`http://${address}/${path}`);
    t.same([response.status, await response.text()], [200, "ok"]);
  }
  t.equal(await daemon.end("SIGTERM"), 0);
  t.ok(existsSync(dir));
});

test("a reader of the log that goes away does not end it", async (t) => {
  const { socket, flags } = makePlaces(t);
  const daemon = await startEntry(t, flags);
  daemon.process.stderr!.destroy();
  t.equal(await daemon.end("SIGTERM"), 0, "although it says that it stops");
  t.notOk(existsSync(socket));
});
