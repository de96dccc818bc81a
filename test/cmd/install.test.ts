// SPDX-License-Identifier: Apache-2.0
// "ipam-node install": what an init container runs.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "tap";
import { makePlaces, runEntry } from "./entry.ts";

const ours = (flags: readonly string[]) => flags.filter((flag) => /^--cni-(bin|conf|nv-ipam)/.test(flag));

test("it puts plugin and configuration in place and ends", async (t) => {
  const { dir, flags } = makePlaces(t);
  const more = [
    "--cni-daemon-socket=unix:///run/d.sock",
    "--cni-daemon-call-timeout=10",
    "--cni-log-level=debug",
  ];
  const args = [
    "install",
    ...ours(flags),
    ...more,
    "--cni_log_file=/none/nv-ipam.log",
    "--logging-format=json",
  ];
  const { status, stdout, stderr } = await runEntry([...args, "--vmodule=a=1"]);
  t.same([status, stdout], [0, ""]);
  const lines = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { logger: string; level: string; msg: string });
  t.match(lines, [
    { logger: "install", level: "warn", flags: "--vmodule" },
    { logger: "install", msg: "installed", path: `${dir}/bin/nv-ipam` },
    { logger: "install", msg: "installed", path: `${dir}/conf/nv-ipam.conf` },
  ]);
  t.equal(statSync(`${dir}/bin/nv-ipam`).mode & 0o777, 0o755);
  t.same(JSON.parse(readFileSync(`${dir}/conf/nv-ipam.conf`, "utf8")), {
    daemonSocket: "unix:///run/d.sock",
    daemonCallTimeoutSeconds: 10,
    logFile: "/none/nv-ipam.log",
    logLevel: "debug",
    forcePoolName: false,
  });
  t.same(readdirSync(`${dir}/store`), [], "it is no daemon");
  const again = await runEntry(args);
  t.match(again, { status: 0, stderr: "" }, "the second time there is nothing to say");
});

test("each part can be left out", async (t) => {
  const { dir, flags } = makePlaces(t);
  t.match(await runEntry(["install", ...ours(flags), "--cni-skip-nv-ipam-binary-copy"]), { status: 0 });
  t.same([readdirSync(`${dir}/bin`), readdirSync(`${dir}/conf`)], [[], ["nv-ipam.conf"]]);
  const skipped = ["--cni-skip-nv-ipam-config-creation=true", "--cni-conf-dir=/none"];
  t.match(await runEntry(["install", ...ours(flags), ...skipped]), { status: 0 });
  t.same(readdirSync(`${dir}/bin`), ["nv-ipam"]);
});

test("what is wrong is one line and status 1", async (t) => {
  const { dir, flags } = makePlaces(t);
  const refused: [string[], RegExp][] = [
    [
      ["--cni-bin-dir=/none"],
      /^invalid config: cni-bin-dir: directory \/none does not exist: make it .*--cni-bin-dir\n$/,
    ],
    [
      ["--cni-conf-dir=/none"],
      /^invalid config: cni-conf-dir: directory \/none does not exist: make it .*--cni-conf-dir\n$/,
    ],
    [["--cni-daemon-call-timeout=0"], /^invalid config: cni-daemon-call-timeout: 0 /],
    [[`--cni-nv-ipam-bin-file=${dir}/none`], /^cannot install the plugin .*\/none as .*ENOENT/],
    [["--store-file=/x"], /^error: unknown .*--store-file|^error: unknown option '--store-file/],
    [["now"], /^error: too many arguments for 'install'/],
  ];
  for (const [more, line] of refused) {
    const { status, stdout, stderr } = await runEntry(["install", ...ours(flags), ...more]);
    t.same([status, stdout], [1, ""], more.join(" "));
    t.match(stderr, line);
    t.equal(stderr.indexOf("\n"), stderr.length - 1, "one line");
  }
});

test("its help and its version", async (t) => {
  t.match(await runEntry(["install", "--version"]), { status: 0, stdout: /^ipam-node \d/ });
  const { status, stdout } = await runEntry(["install", "--help"]);
  t.equal(status, 0);
  for (const text of ["--cni-bin-dir", "--cni-log-level", "Examples:"]) t.ok(stdout.includes(text), text);
  t.notOk(stdout.includes("--store-file"));
});
