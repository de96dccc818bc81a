// SPDX-License-Identifier: Apache-2.0
// What happens to the store's files, by a disk or by a person.
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, World } from "./fault.ts";

const PAGE_BYTES = 4096;
const SETTLES_MS = 60_000;
const NOTICES_MS = 10_000;

/** Copies the store's files, as they are, into a new directory. */
export function copyStore({ dir, subject }: World, name: string): string {
  const copy = join(dir, name);
  rmSync(copy, { recursive: true, force: true });
  cpSync(dirname(subject.site.store), copy, { recursive: true });
  return copy;
}

/** Puts a copy in the place of the store. Nobody may have it open. */
export function putBack({ subject }: World, copy: string): void {
  const place = dirname(subject.site.store);
  for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true });
  cpSync(copy, place, { recursive: true });
}

function spoilPages({ subject, random }: World): void {
  const { store } = subject.site;
  const log = `${store}-wal`;
  // Of the log only the head: behind it, what is damaged might be a commit that nobody was told of.
  const onLog = existsSync(log) && statSync(log).size > 32 && random.chance(0.25);
  const pages = Math.ceil(statSync(store).size / PAGE_BYTES);
  const fd = openSync(onLog ? log : store, "r+");
  for (let left = onLog ? 1 : random.between(1, 4); left > 0; left--) {
    const size = onLog ? 32 : PAGE_BYTES;
    const bytes = random.chance(0.3)
      ? Buffer.alloc(size)
      : Buffer.from(Array.from({ length: size }, () => random.between(0, 255)));
    writeSync(fd, bytes, 0, size, onLog ? 0 : random.between(0, pages - 1) * PAGE_BYTES);
  }
  closeSync(fd);
}

/** An empty file is an empty store by contract, so one byte stays. */
function cutShort({ subject, random }: World): void {
  const { size } = statSync(subject.site.store);
  const pages = random.between(0, Math.ceil(size / PAGE_BYTES) - 1);
  truncateSync(
    subject.site.store,
    random.chance(0.5) && pages > 0 ? pages * PAGE_BYTES : random.between(1, size - 1),
  );
}

/** What the daemon makes of its store after a start: it works, or stays up and says what is wrong. */
async function settle({ subject, ledger }: World): Promise<"ready" | "fault" | "stuck"> {
  for (const giveUp = Date.now() + SETTLES_MS; Date.now() < giveUp; await sleep(20)) {
    const answer = await subject.readyz();
    if (answer?.ready) return "ready";
    if (answer !== undefined && /damaged|no database|store /.test(answer.text)) return "fault";
  }
  ledger.violate("stuck", `neither ready nor at fault on a damaged store:\n${subject.logTail()}`);
  return "stuck";
}

/** Whatever is called now must fail, and the daemon must stay up. */
async function mustNotAnswer({ subject, storm, ledger, hold }: World, why: string): Promise<void> {
  const before = { acknowledged: ledger.acknowledged, pid: subject.pid };
  storm.start();
  await hold(300, 800);
  await storm.pause();
  const count = ledger.acknowledged - before.acknowledged;
  if (count > 0) ledger.violate("wrong", `${count} calls succeeded on ${why}`);
  if (subject.pid !== before.pid) ledger.violate("stuck", `the daemon ended on ${why}`);
  if (!(await subject.becomes("not ready", NOTICES_MS))) ledger.violate("wrong", `it is ready on ${why}`);
}

/** The way out that the daemon names. False when it did not work. */
async function recover({ dir, subject, ledger, random, writeResults }: World): Promise<boolean> {
  const results = join(dir, "results");
  writeResults(results);
  const places = [`--results-dir=${results}`, `--multus-dir=${join(dir, "multus")}`];
  const { status, stderr } = await subject.recover(...places);
  // A daemon that runs takes it up by itself after some seconds.
  if (random.chance(0.7)) {
    await subject.stop("SIGTERM");
    subject.start();
  }
  if (status === 0 && (await subject.becomes("ready", SETTLES_MS))) {
    ledger.doubtReleases();
    return true;
  }
  ledger.violate("stuck", `recover ended with ${status}: ${stderr}${(await subject.readyz())?.text}`);
  return false;
}

/** Damage is noticed or harmless: a daemon that works on it has everything it should have. */
async function damage(world: World, spoil: (world: World) => void): Promise<void> {
  const { subject, storm, ledger, random, hold } = world;
  await storm.pause();
  // After SIGTERM the log is in the database, so damage there counts most.
  const ending = random.pick(["SIGTERM", "SIGTERM", "SIGKILL", undefined] as const);
  if (ending !== undefined) await subject.stop(ending);
  const good = copyStore(world, "good");
  const snapshot = ledger.snapshot();
  spoil(world);
  if (ending === undefined) {
    storm.start();
    await hold(200, 900);
    await storm.pause();
    await subject.stop("SIGKILL");
  }
  subject.start();
  const found = await settle(world);
  if (found === "ready") await world.audit();
  if (found === "fault") await mustNotAnswer(world, "a damaged store");
  if (found === "fault" && random.chance(0.6) && (await recover(world))) return;
  await subject.stop(random.pick(["SIGTERM", "SIGKILL"]));
  putBack(world, good);
  ledger.rewind(snapshot);
  subject.start();
}

/** Somebody moves the store away, or another one into its place, while the daemon runs on it. */
async function swap(world: World): Promise<void> {
  const { subject, storm, random, hold } = world;
  const { store } = subject.site;
  await storm.pause();
  const older = copyStore(world, "older");
  storm.start();
  await hold(200, 600);
  const aside = join(dirname(store), "aside"); // on the same file system
  mkdirSync(aside);
  const moved = random.pick([[store], [`${store}-wal`], [store, `${store}-wal`]]);
  const replaces = random.chance(0.6);
  for (const file of moved) {
    renameSync(file, join(aside, basename(file)));
    const other = join(older, basename(file));
    if (!replaces || !existsSync(other)) continue;
    cpSync(other, `${file}.new`);
    renameSync(`${file}.new`, file);
  }
  await storm.pause();
  await mustNotAnswer(world, `a store that was ${replaces ? "swapped" : "moved away"}`);
  await subject.stop(random.pick(["SIGTERM", "SIGKILL"]));
  for (const file of moved) renameSync(join(aside, basename(file)), file);
  rmSync(aside, { recursive: true });
  subject.start();
}

export const storeFaults: readonly Fault[] = [
  {
    name: "corrupt",
    where: "pools-dir",
    needs: [],
    mayDie: true,
    inject: (world) => damage(world, spoilPages),
  },
  {
    name: "truncate",
    where: "pools-dir",
    needs: [],
    mayDie: true,
    inject: (world) => damage(world, cutShort),
  },
  { name: "swap", where: "pools-dir", needs: [], inject: swap },
];
