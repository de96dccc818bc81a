// SPDX-License-Identifier: Apache-2.0
// A store of 600 live containers, damaged in many ways, then recovered with and without what the runtime remembers.
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { prepareRecovery } from "../../lib/node/recover.ts";
import { openStore } from "../../lib/node/store-open.ts";
import {
  checkGiven,
  damagePages,
  fillStore,
  listAll,
  makeSite,
  pagesOf,
  recover,
  writeCached,
} from "./recover-setup.ts";
import { ask, openSession, randomFrom } from "./store-fixture.ts";

const COUNT = 600;
const zero = (page: Buffer) => page.fill(0);
const noise = (page: Buffer) => page.fill(0x55);
const MAIN = "reservations";
const SECOND = "sqlite_autoindex_reservations_2";

type Damage = readonly [what: string, act: (path: string) => void];

/** What the rows or the second index still tell: everything is recovered without any help. */
const whole: readonly Damage[] = [
  ["the root of the rows' tree is zeros", (path) => damagePages(path, pagesOf(path, MAIN).slice(0, 1), zero)],
  [
    "the root of the rows' tree is noise",
    (path) => damagePages(path, pagesOf(path, MAIN).slice(0, 1), noise),
  ],
  ["half of the rows' pages are noise", (path) => damagePages(path, everySecond(pagesOf(path, MAIN)), noise)],
  ["the second index is zeros", (path) => damagePages(path, pagesOf(path, SECOND), zero)],
  ["the header is noise", (path) => damagePages(path, [1], (page) => page.fill(0x55, 0, 100))],
  ["the magic is gone", (path) => damagePages(path, [1], (page) => page.fill(0, 0, 16))],
  ["the first page is zeros", (path) => damagePages(path, [1], zero)],
  ["the version is gone", (path) => damagePages(path, pagesOf(path, "meta"), zero)],
  ["the pools' rows are noise", (path) => damagePages(path, pagesOf(path, "pools"), noise)],
];

/** Something is lost for good; the runtime's cache has it. */
const holes: readonly Damage[] = [
  ["the file is truncated", (path) => truncateSync(path, 5 * 4096 + 1000)],
  ["the file is empty noise", (path) => writeFileSync(path, Buffer.alloc(8192, 0x55))],
  ["one page is left", (path) => truncateSync(path, 4096)],
  [
    "rows and index are zeros",
    (path) => damagePages(path, [...pagesOf(path, MAIN), ...pagesOf(path, SECOND)], zero),
  ],
  [
    "pools, their index and half of the rows are noise",
    (path) => {
      const lost = ["pools", "sqlite_autoindex_pools_1"].flatMap((name) => pagesOf(path, name));
      damagePages(path, [...lost, ...everySecond(pagesOf(path, MAIN))], noise);
    },
  ],
];

function everySecond(pages: readonly number[]): number[] {
  return pages.filter((_, i) => i % 2 === 1);
}

const key = ({ pool, address, containerId, interfaceName }: ReturnType<typeof fillStore>[number]): string =>
  `${pool.type}/${pool.name} ${formatAddress(address)} ${containerId} ${interfaceName}`;

for (const [what, act] of whole) {
  test(`${what}: nothing is lost`, async (t) => {
    const site = makeSite(t);
    const live = fillStore(site.storeFile, COUNT);
    act(site.storeFile);
    t.equal(openStore(site.storeFile).status, "fault", "it is noticed");
    await recover(site);
    const session = openSession(site.storeFile);
    const held = new Set(listAll(session).map(key));
    t.same(
      live.map(key).filter((one) => !held.has(one)),
      [],
    );
    session.close();
    checkGiven(t, site.storeFile, live);
    t.equal(
      readdirSync(join(site.storeFile, "..")).filter((name) => name.startsWith("store.damaged-")).length,
      1,
    );
  });
}

for (const [what, act] of holes) {
  test(`${what}: the runtime's cache has the rest`, async (t) => {
    const site = makeSite(t);
    const live = fillStore(site.storeFile, COUNT);
    live.forEach((record, i) => {
      writeCached(i % 2 ? site.resultsDir : join(site.multusDir, "results"), record);
    });
    act(site.storeFile);
    t.equal(openStore(site.storeFile).status, "fault", "it is noticed");
    const plan = await recover(site);
    t.same([plan.conflicts, plan.leftOut], [[], []]);
    const session = openSession(site.storeFile);
    const held = new Set(listAll(session).map(key));
    t.same(
      live.map(key).filter((one) => !held.has(one)),
      [],
    );
    t.same(
      ask(session, "checkStore", null).filter(({ kind }) => kind !== "no-share"),
      [],
    );
    session.close();
    checkGiven(t, site.storeFile, live);
  });
}

test("bytes flipped anywhere: what is noticed is recovered, and no live container's address is given again", async (t) => {
  const seed = Number(process.env.NV_IPAM_TEST_SEED ?? 20261121);
  const random = randomFrom(seed);
  t.comment(`seed ${seed}`);
  const origin = makeSite(t);
  const live = fillStore(origin.storeFile, COUNT);
  const bytes = readFileSync(origin.storeFile);
  let noticed = 0;
  for (let round = 0; round < 25; round++) {
    const site = { ...origin, storeFile: join(origin.storeFile, "..", `store-${round}`) };
    const copy = Buffer.from(bytes);
    const used = pagesOf(origin.storeFile, random(2) ? MAIN : SECOND);
    for (let i = 0; i <= random(20); i++) {
      const page = used[random(used.length)]!;
      copy[(page - 1) * 4096 + random(4096)]! ^= 1 << random(8);
    }
    writeFileSync(site.storeFile, copy);
    const recovery = await prepareRecovery(site);
    if (recovery.status === "refused") continue; // a bit of a pod's name, which no check can see
    noticed++;
    await recover(site);
    checkGiven(t, site.storeFile, live);
  }
  t.ok(noticed > 5, `${noticed} noticed`);
});

test("an unfinished recovery keeps every daemon away, and is finished by the next", async (t) => {
  const site = makeSite(t);
  const live = fillStore(site.storeFile, COUNT);
  damagePages(site.storeFile, pagesOf(site.storeFile, SECOND), zero);
  const damaged = readFileSync(site.storeFile);
  const done = await recoverIn(site);
  // Each state that a kill between two of the steps can leave.
  const steps: [string, (path: string) => void][] = [
    ["nothing is moved yet", (path) => writeFileSync(path, damaged)],
    ["the store is moved", () => {}],
  ];
  for (const [what, lay] of steps) {
    const path = join(site.storeFile, "..", what.replaceAll(" ", "-"));
    lay(path);
    writeFileSync(`${path}-recovered`, done);
    const opened = openStore(path);
    t.match(opened, { status: "fault", message: /recovery that was broken off .*ipam-node recover/ }, what);
    t.equal(existsSync(path), what !== "the store is moved", "nothing is made in its place");
    const recovery = await prepareRecovery({ ...site, storeFile: path });
    t.equal(recovery.status, "unfinished");
    await finish({ ...site, storeFile: path });
    checkGiven(t, path, live);
  }
});

async function recoverIn(site: Parameters<typeof recover>[0]): Promise<Buffer> {
  await recover(site);
  return readFileSync(site.storeFile);
}

async function finish(site: Parameters<typeof recover>[0]): Promise<void> {
  const { carryOut } = await import("../../lib/node/recover.ts");
  const recovery = await prepareRecovery(site);
  if (recovery.status === "refused") throw new Error(recovery.message);
  carryOut(site.storeFile, recovery);
}

test("rows that reach over several pages, and those that only the log has, come whole", async (t) => {
  const long = makeSite(t);
  const padded = fillStore(long.storeFile, COUNT, { padding: 3000 });
  damagePages(long.storeFile, pagesOf(long.storeFile, SECOND), zero);
  await recover(long);
  const session = openSession(long.storeFile);
  t.same(listAll(session), padded);
  session.close();
  const crashed = { ...long, storeFile: `${long.storeFile}-crashed` };
  const live = fillStore(crashed.storeFile, COUNT, { crash: true });
  damagePages(crashed.storeFile, [1], noise);
  t.equal(openStore(crashed.storeFile).status, "fault");
  t.ok(existsSync(`${crashed.storeFile}-wal`), "the log is not moved into it");
  await recover(crashed);
  const after = openSession(crashed.storeFile);
  t.same(listAll(after).map(key).sort(), live.map(key).sort());
  after.close();
});
