// SPDX-License-Identifier: Apache-2.0
// What only a process of its own shows: pipes that close, disks that are full, a terminal that asks.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { ref } from "../node/store-fixture.ts";
import { type Daemon, pod, startDaemon } from "./debug-fixture.ts";

const main = join(import.meta.dirname, "../../cmd/main.ts");
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The command line as a shell takes it. */
function line(daemon: Daemon, ...args: string[]): string {
  const at = ["--bind-address", daemon.socket, "--store-file", daemon.store];
  return [process.execPath, main, ...args, ...at].map(quote).join(" ");
}

async function shell(
  script: string,
  input = "",
): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn("sh", ["-c", script], { stdio: "pipe", env: { PATH: process.env.PATH } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

async function startFull(t: Test, count: number): Promise<Daemon> {
  const daemon = await startDaemon(t);
  const names = Array.from({ length: count }, (_, i) => `container-${i}`);
  const pools = { pools: [ref("six", "cidrpool")] };
  await Promise.all(names.map((name) => daemon.reserve(name, pod(name), pools)));
  return daemon;
}

test("a reader that goes ends the output, without a word", async (t) => {
  const daemon = await startFull(t, 4000);
  for (const output of ["table", "json"]) {
    const script = `(${line(daemon, "reservations", "-o", output)}; echo "status $?" >&2) | head -n 1`;
    const { stdout, stderr } = await shell(script);
    t.equal(stdout.split("\n").length, 2);
    t.equal(stderr, "status 0\n");
  }
});

test("output that cannot be written is an error of one line", async (t) => {
  if (!existsSync("/dev/full")) return t.comment("no /dev/full here");
  const daemon = await startFull(t, 3);
  for (const command of ["pools", "reservations"]) {
    t.match(await shell(`${line(daemon, command)} >/dev/full`), {
      status: 1,
      stderr: /^cannot write the output: [^\n]*ENOSPC[^\n]*\n$/,
    });
  }
  t.match(await shell(`${line(daemon, "pools", "--help")} >/dev/full`), { status: 1 });
});

test("errors and notes on standard error cannot steer a terminal", async (t) => {
  const daemon = await startFull(t, 0);
  const reason = "bad\u001b]0;owned\u0007";
  await daemon.desk.call("setShares", { shares: [], keep: [{ pool: ref("p"), reason }] });
  const { stderr } = await shell(line(daemon, "pools"));
  t.match(stderr, /current one: bad\\u001b\]0;owned\\u0007\n/);
});

test("exit statuses reach the shell", async (t) => {
  const daemon = await startFull(t, 1);
  t.match(await shell(line(daemon, "reservations")), { status: 0, stderr: "" });
  t.match(await shell(line(daemon, "check", "-o", "json")), { status: 1, stderr: "" });
  t.match(await shell(line(daemon, "release", "--pod", "shop/none", "--yes")), { status: 1, stdout: "" });
  t.match(await shell(line(daemon, "release", "--pod", "shop/container-0")), {
    status: 1,
    stderr: /^nobody to ask without a terminal/,
  });
});

const answers: [typed: string, left: number][] = [
  ["n\n", 1],
  ["\n", 1],
  ["\u0004", 1], // Ctrl-D
  ["yes\n", 0],
];

test("a terminal is asked", {
  skip: !existsSync("/usr/bin/script") && "needs script (bsdutils)",
}, async (t) => {
  const daemon = await startFull(t, 1);
  for (const [typed, left] of answers) {
    const typescript = join(daemon.dir, "typescript");
    writeFileSync(join(daemon.dir, "command"), line(daemon, "release", "--pod", "shop/container-0"));
    const { stdout } = await shell(`script -qec "sh ${daemon.dir}/command" ${typescript}`, typed);
    t.match(stdout, /container-0 [\s\S]*Release 1 reservation\? \[y\/N\]/);
    t.match(stdout, left === 0 ? /Released 1 reservation\./ : /Nothing was released\./);
    const { reservations } = await daemon.desk.call("listReservations", { filter: {}, limit: 10 });
    t.equal(reservations.length, left, JSON.stringify(typed));
  }
});
