// SPDX-License-Identifier: Apache-2.0
// What stops a start: one line on standard error that names it, and exit status 1.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { type Test, test } from "tap";
import { entry, makePlaces, runEntry, startEntry } from "./entry.ts";

async function refuses(
  t: Test,
  flags: readonly string[],
  line: string | RegExp,
  argv0?: string,
): Promise<void> {
  const { status, stdout, stderr } = await runEntry(flags, argv0);
  t.equal(status, 1, "exit status");
  t.equal(stdout, "");
  t.equal(stderr.indexOf("\n"), stderr.length - 1, `one line, not ${JSON.stringify(stderr)}`);
  if (typeof line === "string") t.equal(stderr, `${line}\n`);
  else t.match(stderr, line);
}

test("without a node name", async (t) => {
  const { flags } = makePlaces(t);
  const nameless = flags.filter((flag) => !/^--(node-name|pools-dir)/.test(flag));
  await refuses(t, nameless, "invalid config: node-name is required parameter");
  await refuses(t, [], "invalid config: node-name is required parameter");
});

test("without --pools-dir, once the checks have passed", async (t) => {
  const { flags } = makePlaces(t);
  const kubernetes = flags.filter((flag) => !flag.startsWith("--pools-dir"));
  await refuses(t, [...kubernetes, "--kubeconfig=/none/config"], "kubeconfig /none/config: no such file");
  await refuses(
    t,
    [...kubernetes, "--store-file=/none/store"],
    "invalid config: store-file: directory /none does not exist: make it (in a container: mount it), or name another by --store-file",
  );
});

test("directories, the socket's path, the timeout", async (t) => {
  const { dir, flags } = makePlaces(t);
  await refuses(
    t,
    [...flags, "--cni-bin-dir=/none"],
    "invalid config: cni-bin-dir: directory /none does not exist: make it (in a container: mount it), or name another by --cni-bin-dir",
  );
  await refuses(
    t,
    [...flags, `--bind-address=unix://${dir}/plugin`],
    "socket bind path exist, but not a socket",
  );
  await refuses(t, [...flags, "--cni-daemon-call-timeout=0"], /^invalid config: cni-daemon-call-timeout: /);
  await refuses(
    t,
    [...flags, "--cni-nv-ipam-bin-file=none/plugin"],
    /^invalid config: cni-nv-ipam-bin-file: /,
  );
  t.same(readdirSync(`${dir}/store`), [], "nothing was touched");
});

test("flags", async (t) => {
  await refuses(t, ["--nod-name=x"], /'--nod-name' \(did you mean --node-name\?\)/);
  await refuses(t, ["--cni-daemon-call-timeout=soon"], /--cni-daemon-call-timeout .*'soon'/);
  await refuses(t, ["serve"], /unknown command 'serve'/);
  await refuses(t, ["help", "pool"], /unknown command 'pool' \(did you mean pools\?\)/);
  await refuses(t, ["--node-name=x", "pools"], /'--node-name' before 'pools', which has no such option/);
  await refuses(t, ["--cni-bin-dir=/x", "pools"], /'--cni-bin-dir' before 'pools'/);
  await refuses(t, ["--a\u001b[31mb\nc"], /unknown flag/);
});

test("a plugin that is not there, an address in use", async (t) => {
  const { dir, flags } = makePlaces(t);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await refuses(
    t,
    [...flags, `--health-probe-bind-address=127.0.0.1:${port}`],
    /health-probe-bind-address: .*EADDRINUSE/,
  );
  const { status, stderr } = await runEntry([...flags, `--bind-address=tcp://127.0.0.1:${port}`]);
  t.equal(status, 1);
  t.match(stderr, /^cannot listen on tcp:.*EADDRINUSE.*$/m, "after what was logged before");
  server.close();
  rmSync(`${dir}/plugin`);
  await refuses(t, flags, /cannot install the plugin .*--cni-nv-ipam-bin-file says where it is.*ENOENT/);
});

test("a second daemon, on the same store or on the same socket", async (t) => {
  const first = makePlaces(t);
  await startEntry(t, first.flags);
  await refuses(t, first.flags, "store lock is held by a different process");
  const other = makePlaces(t);
  await refuses(t, [...other.flags, `--bind-address=unix://${first.socket}`], /a daemon .* answers at/);
  t.same(readdirSync(`${other.dir}/bin`), [], "nothing is installed");
  t.ok(existsSync(first.socket));
});

test("the controller checks its flags and says what is missing", async (t) => {
  await refuses(
    t,
    ["--leader-elect", "--v=1", "--kubeconfig=/none/config"],
    /\/none\/config/,
    "ipam-controller",
  );
  await refuses(t, ["--block-reuse-delay=10"], /write it as 30s, 10m or 1h30m/, "ipam-controller");
  const onePort = ["--metrics-bind-address=:8081", "--kubeconfig=/none/config"];
  await refuses(t, onePort, /^invalid config: metrics-bind-address :8081 and /, "ipam-controller");
  await refuses(t, ["--leader-elect=maybe"], /--leader-elect/, "/ipam-controller");
  await refuses(t, ["--pools-dir=x"], /--pools-dir/, "ipam-controller");
});

test("versions and help", async (t) => {
  for (const name of ["ipam-node", "ipam-controller"]) {
    const version = await runEntry(["--version"], name);
    t.equal(version.status, 0);
    t.match(version.stdout, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n$`));
    const help = await runEntry(["--help"], name);
    t.equal(help.status, 0);
    t.match(help.stdout, /Examples:/);
    t.equal(help.stderr, "");
  }
});

test("a reader of the help that has seen enough is no error", async (t) => {
  const child = spawn(process.execPath, [entry, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  const [[code], stderr] = await Promise.all([once(child, "exit"), text(child.stderr)]);
  t.same([code, stderr], [0, ""]);
});

test("help for each command", async (t) => {
  for (const command of ["pools", "reservations", "release", "check"]) {
    t.match((await runEntry([command, "--help"])).stdout, /Examples/, command);
  }
});

test("what a command and the daemon both know may come before the command's name", async (t) => {
  const { dir, socket, flags } = makePlaces(t);
  await startEntry(t, flags);
  const place = [`--bind_address=unix://${socket}`, "--store-file", `${dir}/store/store`];
  const before = await runEntry([...place, "pools", "-o", "json"]);
  t.same(before, await runEntry(["pools", "-o", "json", ...place]));
  t.match(JSON.parse(before.stdout), [{ pool: "p", size: 50 }]);
  const check = ["--cni-skip-nv-ipam-binary-copy", `--cni-conf-dir=${dir}/none`, "check", "-o", "json"];
  const { stdout } = await runEntry([...place, ...check]);
  t.notMatch(stdout, /"check":"plugin"/);
  t.match(stdout, new RegExp(`${dir}/none`));
  const after = await runEntry(["--bind-address=unix:///nowhere", "pools", ...place, "-o", "json"]);
  t.same(after, before, "and after it beats before it");
});
