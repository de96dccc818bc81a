// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { createLineLogger, type LogFormat } from "../../lib/log/line-logger.ts";

function record(format: LogFormat, verbosity = 0) {
  const lines: string[] = [];
  const log = createLineLogger({
    format,
    verbosity,
    name: "node",
    write: (line) => lines.push(line),
    now: () => 1_795_230_643_620,
  });
  return { log, lines };
}

test("JSON lines have the fixed keys and the fields of the event", (t) => {
  const { log, lines } = record("json");
  log.named("cleaner").info("released", { address: "10.0.0.1", count: 2n }, 0);
  t.same(JSON.parse(lines[0]!), {
    ts: 1_795_230_643_620,
    level: "info",
    logger: "node.cleaner",
    msg: "released",
    v: 0,
    address: "10.0.0.1",
    count: 2,
  });
  log.error("failed", new Error("no space", { cause: new Error("ENOSPC") }), { pool: "p" });
  const failed = JSON.parse(lines[1]!);
  t.equal(failed.err, "no space: ENOSPC");
  t.equal(failed.level, "error");
  t.equal(failed.pool, "p");
  t.equal(failed.stack, undefined, "no stack unless asked for");
  t.end();
});

test("text is one readable line", (t) => {
  const { log, lines } = record("text");
  log.info("ready", { address: "unix:///run/a.sock", pools: 2, why: "two words" });
  log.warn("odd", { gone: undefined, list: ["a", "b c"] });
  log.error("failed", "a string");
  t.same(lines, [
    '2026-11-21T03:10:43.620Z info  node ready address=unix:///run/a.sock pools=2 why="two words"\n',
    '2026-11-21T03:10:43.620Z warn  node odd list=["a","b c"]\n',
    '2026-11-21T03:10:43.620Z error node failed err="a string"\n',
  ]);
  t.end();
});

test("verbosity decides on info alone", (t) => {
  const { log, lines } = record("text", 1);
  log.info("shown", {}, 1);
  log.info("hidden", {}, 2);
  log.warn("shown too");
  t.equal(lines.length, 2);
  t.end();
});

test("from verbosity 2 on an error comes with its stack, still on one line", (t) => {
  const { log, lines } = record("text", 2);
  log.error("failed", new TypeError("broken"));
  t.match(lines[0], /stack=".*TypeError: broken/);
  t.equal(lines[0]!.indexOf("\n"), lines[0]!.length - 1);
  t.end();
});

for (const format of ["text", "json"] as const) {
  test(`${format}: nothing that a caller sends can forge a line or steer a terminal`, (t) => {
    const evil = "a\nb\r\u001b[31m\u2028\u0085\u202e\ud800\u0000";
    const { log, lines } = record(format);
    log.named(evil).info(evil, { [evil]: evil, list: [evil] });
    log.error(evil, new Error(evil));
    t.equal(lines.length, 2);
    for (const line of lines) {
      t.match(line, /\n$/);
      t.notMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]|\p{Surrogate}/u);
    }
    t.end();
  });

  test(`${format}: any value can be logged`, (t) => {
    const { log, lines } = record(format);
    const loop: Record<string, unknown> = {};
    loop.loop = loop;
    const circular = new Error("outer");
    circular.cause = circular;
    log.info("odd", {
      loop,
      map: new Map([["a", 1n]]),
      bytes: Buffer.from("ab"),
      big: 2n ** 100n,
      f: () => 1,
    });
    log.error("odd", circular, { error: new Error("inner"), nothing: null });
    log.error("odd", undefined);
    t.equal(lines.length, 3);
    if (format === "json") for (const line of lines) t.type(JSON.parse(line), "object");
    t.match(lines.join(""), /1267650600228229401496703205376|unprintable/);
    t.end();
  });
}

test("a field named as a fixed key does not replace it", (t) => {
  const { log, lines } = record("json");
  log.info("real", { msg: "forged", level: "error", pool: "p" });
  const line = JSON.parse(lines[0]!);
  t.equal(line.msg, "real");
  t.equal(line.level, "info");
  t.equal(line.msg_, "forged");
  t.end();
});
