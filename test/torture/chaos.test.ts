// SPDX-License-Identifier: Apache-2.0
// The faults are real: a program that runs with the library sees them.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { compileChaos, preloadChaos } from "./chaos.ts";

const PROGRAM = `
  const { openSync, writeSync, readSync, fsyncSync, ftruncateSync } = require("node:fs");
  const what = (work) => { try { work(); return "ok"; } catch ({ code }) { return code; } };
  const [inside, outside] = process.argv.slice(1).map((path) => openSync(path, "w+"));
  const bytes = Buffer.from("text");
  console.log(JSON.stringify({
    now: Date.now(),
    write: what(() => writeSync(inside, bytes, 0, 4, 0)),
    truncate: what(() => ftruncateSync(inside, 2)),
    sync: what(() => fsyncSync(inside)),
    read: what(() => readSync(inside, bytes, 0, 2, 0)),
    elsewhere: what(() => { writeSync(outside, bytes, 0, 4, 0); fsyncSync(outside); }),
  }));`;

test("errors of the files in a directory, and the wall clock", { skip: skipUnless("gcc") }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "nv-chaos-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const watched = join(dir, "store");
  mkdirSync(watched);
  const chaos = preloadChaos(compileChaos(dir), dir, watched);
  const see = async (): Promise<Record<string, unknown>> => {
    const args = ["-e", PROGRAM, join(watched, "file"), join(dir, "file")];
    const env = { ...process.env, NODE_OPTIONS: "", ...chaos.env };
    const { stdout, stderr } = await run(process.execPath, args, { env });
    return JSON.parse(stdout || JSON.stringify(stderr)) as Record<string, unknown>;
  };
  const well = { write: "ok", truncate: "ok", sync: "ok", read: "ok", elsewhere: "ok" };
  t.match(await see(), well);
  t.equal(chaos.failures(), 0);
  chaos.failFiles({ write: 1000, sync: 1000, read: 1000, error: "EIO" });
  const failing = { write: "EIO", truncate: "EIO", sync: "EIO", read: "EIO", elsewhere: "ok" };
  t.match(await see(), failing);
  t.equal(chaos.failures(), 4);
  chaos.failFiles({ write: 1000, error: "EROFS" });
  t.match(await see(), { ...well, write: "EROFS", truncate: "EROFS" });
  chaos.healFiles();
  t.match(await see(), well);
  for (const offset of [86_400_000, -86_400_500]) {
    chaos.setClockOffset(offset);
    const { now } = await see();
    t.ok(Math.abs(Number(now) - Date.now() - offset) < 60_000, `${now} with ${offset} ms`);
  }
});
