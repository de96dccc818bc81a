// SPDX-License-Identifier: Apache-2.0
import { readlinkSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { test } from "tap";
import { executables, run } from "../support/executables.ts";

const root = resolve(import.meta.dirname, "../..");
const built = [executables.plugin, executables.daemon];

test("a second build rebuilds nothing", async (t) => {
  const first = await run("scripts/build", [], { cwd: root });
  t.equal(first.status, 0, first.stderr);
  const before = built.map((path) => statSync(path));
  const second = await run("scripts/build", [], { cwd: root });
  t.equal(second.status, 0, second.stderr);
  for (const [i, path] of built.entries()) {
    t.match(second.stdout, new RegExp(`^build: dist/${basename(path)}: up to date \\(\\d+\\.\\d s\\)$`, "m"));
    const { ino, mtimeMs } = statSync(path);
    t.same({ ino, mtimeMs }, { ino: before[i]!.ino, mtimeMs: before[i]!.mtimeMs });
  }
});

test("the controller is a link to the daemon's file, and knows its name", async (t) => {
  t.equal(readlinkSync(executables.controller), "ipam-node");
  t.match((await run(executables.controller, ["--version"])).stdout, /^ipam-controller \d/);
  t.match((await run(executables.daemon, ["--version"])).stdout, /^ipam-node \d/);
});

test("Node's own switches reach neither executable", async (t) => {
  const env = { ...process.env, NODE_OPTIONS: "--no-such-option --inspect" };
  const { status, stdout, stderr } = await run(executables.daemon, ["--version"], { env });
  t.equal(status, 0, stderr);
  t.match(stdout, /^ipam-node \d/);
  t.equal(stderr, "");
});

test("an architecture that is none", async (t) => {
  const { status, stderr } = await run("scripts/build", ["--arch", "mips"], { cwd: root });
  t.equal(status, 1);
  t.equal(stderr, "build: --arch mips: expected amd64 or arm64\n");
});
