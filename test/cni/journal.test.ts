// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { callExecutable, serve } from "./executable.ts";
import { callInProcess } from "./in-process.ts";

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[(\w+)\] (.*)$/;

function parse(log: string): (readonly [level: string, text: string])[] {
  return log
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, level, text] = LINE.exec(line) ?? [];
      return [level ?? "", text ?? line] as const;
    });
}

test("the call at info, its data at debug, its failure at error", (t) => {
  const call = "CMD ADD Call: ContainerID: container-1 Netns: /run/netns/not-there IfName: net1";
  t.same(parse(callInProcess().log!)[0], ["info", call]);
  const debug = parse(callInProcess({ ipam: { logLevel: "Debug" } }).log!);
  t.same(
    debug.map(([level]) => level),
    ["info", "debug", "debug", "info"],
  );
  t.match(debug[1]![1], /^CMD ADD: Args: IgnoreUnknown=1;.* StdinData: \{"cniVersion"/);
  const failed = parse(callInProcess({ ipam: { poolName: "," } }).log!);
  t.same(failed[1], [
    "error",
    "command preparation failed: failed to load config. pool field has invalid format",
  ]);
  t.end();
});

test("levels", (t) => {
  const expected = { verbose: 4, debug: 4, info: 2, warning: 0, error: 0, panic: 0, INFO: 2, "": 2, loud: 2 };
  for (const [logLevel, lines] of Object.entries(expected)) {
    const { log, stderr } = callInProcess({ ipam: { logLevel } });
    t.equal(log === undefined ? 0 : parse(log).length, lines, logLevel);
    t.equal(stderr, logLevel === "loud" ? 'nv-ipam: unknown logLevel "loud", logging at info\n' : "");
  }
  t.end();
});

test("a call that waits for its daemon has left its line", async (t) => {
  const dir = t.testdir({ log: "" });
  const hasLine = Promise.withResolvers<void>();
  const watcher = watch(join(dir, "log"), () => hasLine.resolve());
  const daemonSocket = await serve(t, (socket) => {
    socket.resume();
    hasLine.promise.then(() => socket.destroy());
  });
  const { status } = await callExecutable({ ipam: { daemonSocket, logFile: join(dir, "log") } });
  watcher.close();
  t.equal(status, 1);
  t.match(parse(readFileSync(join(dir, "log"), "utf8")), [
    ["info", /^CMD ADD Call: /],
    ["error", /Unavailable/],
  ]);
});

test("what a caller sends starts no line of its own", (t) => {
  const { log } = callInProcess({
    ipam: { logLevel: "debug" },
    env: { CNI_ARGS: "IgnoreUnknown=1;A=b\n2026-01-01 [info] x\x1b" },
  });
  t.equal(parse(log!).length, 4);
  t.match(log, "A=b\\n2026-01-01 [info] x\\u001b StdinData");
  t.end();
});

test("a log that cannot be written does not fail the call", (t) => {
  const directory = t.testdir({ target: "", directory: {} });
  symlinkSync(join(directory, "target"), join(directory, "link"));
  for (const logFile of [
    join(directory, "link"),
    join(directory, "directory"),
    join(directory, "no/such"),
    "/dev/full",
  ]) {
    const { exitCode, stderr } = callInProcess({ ipam: { logFile } });
    t.equal(exitCode, 0);
    t.match(stderr, `nv-ipam: cannot write the log file ${logFile}: `);
  }
  t.equal(readFileSync(join(directory, "target"), "utf8"), "", "a symbolic link is not followed");
  t.end();
});

test("a new log is for everybody to read, a full one is put aside", (t) => {
  const logFile = join(t.testdir({}), "log");
  for (let round = 0; round < 7; round++) {
    callInProcess({ ipam: { logFile }, env: { CNI_CONTAINERID: `round-${round}` } });
    t.equal(statSync(logFile).mode & 0o777, 0o644);
    truncateSync(logFile, 100 * 2 ** 20); // sparse
  }
  t.match(readFileSync(`${logFile}.1`).subarray(0, 200).toString(), "round-5");
  t.match(readFileSync(`${logFile}.5`).subarray(0, 200).toString(), "round-1");
  t.notOk(existsSync(`${logFile}.6`));
  t.end();
});

test("calls append", (t) => {
  const logFile = join(t.testdir({ log: "" }), "log");
  writeFileSync(logFile, "before\n");
  chmodSync(logFile, 0o600);
  mkdirSync(join(t.testdirName, "x"));
  callInProcess({ ipam: { logFile } });
  t.match(readFileSync(logFile, "utf8"), /^before\n2/);
  t.equal(statSync(logFile).mode & 0o777, 0o600, "the mode of an old log stays");
  t.end();
});
