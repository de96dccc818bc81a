// SPDX-License-Identifier: Apache-2.0
// The log beside the store as a crash leaves it, then damaged: what SQLite would take for the log's end without a word.
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { BLANK, readLog } from "../../lib/node/store-log.ts";
import { LOG_BYTES } from "../../lib/node/store-log-file.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { fillStore, listAll } from "./recover-setup.ts";
import { openSession, randomFrom } from "./store-fixture.ts";

const FRAME = 4096 + 24;

/** A store with 300 reservations and its log, as SIGKILL leaves them. */
function crashed(t: Test, dir = t.testdir()) {
  const path = join(dir, "store");
  const live = fillStore(path, 300, { crash: true });
  return { path, log: `${path}-wal`, live };
}

function damage(file: string, at: number, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  change(bytes.subarray(at));
  writeFileSync(file, bytes);
}

function count(path: string): number {
  const session = openSession(path);
  const { length } = listAll(session);
  session.close();
  return length;
}

function isFault(t: Test, path: string, message: RegExp): void {
  const before = ["", "-wal"].map((end) => (existsSync(path + end) ? readFileSync(path + end) : undefined));
  t.match(openStore(path), { status: "fault", message });
  const after = ["", "-wal"].map((end) => (existsSync(path + end) ? readFileSync(path + end) : undefined));
  t.same(after, before, "both files stay as they were");
  t.notOk(existsSync(`${path}-shm`));
}

test("a whole log is read as SQLite reads it, and a torn end is none of a crash's harm", (t) => {
  const { path, log, live } = crashed(t);
  const read = readLog(readFileSync(log));
  t.equal(read.damage, undefined);
  t.ok(read.pageCount > 256 && read.pages.has(1));
  // Of the last commit: nobody was told of it.
  const frames = Math.max(...commitsOf(log));
  damage(log, 32 + (frames - 1) * FRAME + 100, (bytes) => bytes.fill(0x55, 0, 10));
  t.equal(readLog(readFileSync(log)).damage, undefined);
  t.ok(count(path) >= live.length);
  t.end();
});

function commitsOf(log: string): number[] {
  const bytes = readFileSync(log);
  const salts = bytes.subarray(16, 24);
  const commits: number[] = [];
  for (let i = 0; 32 + (i + 1) * FRAME <= bytes.length; i++) {
    const frame = bytes.subarray(32 + i * FRAME);
    if (frame.compare(salts, 0, 8, 8, 16) === 0 && frame.readUInt32BE(4) !== 0) commits.push(i + 1);
  }
  return commits;
}

test("a bit that flips anywhere before the last commit is noticed, and the log stays", (t) => {
  const random = randomFrom(4711);
  const { path, log } = crashed(t);
  const commits = commitsOf(log);
  const whole = readFileSync(log);
  for (let round = 0; round < 20; round++) {
    const at = random(commits.at(-2)!) * FRAME + 32 + 24 + random(4096);
    damage(log, at, (bytes) => bytes.writeUInt8(bytes[0]! ^ (1 << random(8))));
    isFault(t, path, /is damaged \(its log is broken at frame \d+ of \d+\)/);
    writeFileSync(log, whole);
  }
  damage(log, 20, (bytes) => bytes.fill(0x55, 0, 4));
  isFault(t, path, /is damaged \(its log has a broken header\)/);
  t.end();
});

test("a log of another store, or one whose store is gone or empty, is not laid over anything", (t) => {
  const dir = t.testdir({ other: {} });
  const { log } = crashed(t, dir);
  const other = crashed(t, join(dir, "other"));
  rmSync(other.path);
  isFault(t, other.path, /is damaged \(it is empty, but its log is not\)/);
  t.notOk(existsSync(other.path));
  writeFileSync(other.path, "");
  isFault(t, other.path, /is damaged \(it is empty, but its log is not\)/);
  const stranger = join(dir, "stranger");
  fillStore(stranger, 200);
  copyFileSync(log, `${stranger}-wal`);
  isFault(t, stranger, /is damaged \(its log belongs to another store\)/);
  t.end();
});

test("a truncated store with its log is noticed", (t) => {
  const { path } = crashed(t);
  truncateSync(path, 4096);
  const log = readLog(readFileSync(`${path}-wal`));
  t.ok(log.pageCount > 1);
  const opened = openStore(path);
  if (opened.status === "ok") {
    opened.db.close();
    t.equal(log.pages.size, log.pageCount, "unless the log has every page");
  } else t.match(opened, { status: "fault", message: /is damaged/ });
  t.end();
});

test("an orderly end keeps the log's space for the next start", (t) => {
  const path = join(t.testdir(), "store");
  const session = openSession(path);
  t.equal(session.look(), undefined);
  t.equal(statSync(`${path}-wal`).size, LOG_BYTES);
  t.equal(statSync(`${path}-wal`).blocks * 512 >= LOG_BYTES, true, "really there, no hole");
  const { ino } = statSync(`${path}-wal`);
  session.close();
  t.notOk(existsSync(`${path}-wal`));
  const again = openSession(path);
  t.equal(statSync(`${path}-wal`).ino, ino);
  t.equal(statSync(`${path}-wal`).size, LOG_BYTES);
  t.same(readFileSync(`${path}-wal`).subarray(0, 32), BLANK);
  t.notOk(existsSync(`${path}-wal-spare`));
  again.close();
  t.end();
});
