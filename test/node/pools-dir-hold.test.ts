// SPDX-License-Identifier: Apache-2.0
// What is read while somebody writes must not take a share or a part of it away.
import { rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { LONGEST_BURST_MS, SETTLE_MS } from "../../lib/node/pools-dir.ts";
import { HOLD_MS } from "../../lib/node/pools-dir-hold.ts";
import { decodeShare } from "../../lib/pool/share-text.ts";
import { ipPool, nodes, stoppedClock, type Watched, watched } from "./pools-dir-setup.ts";

const P = "ippool/p 10.0.0.1-10.0.0.10";
const Q = "ippool/q 10.0.0.1-10.0.0.10";
const BOTH = ipPool("q") + ipPool("p");

/** A directory that is served, on a clock that stands still. */
async function serving(t: Parameters<typeof watched>[0], files: Record<string, string>) {
  const timers = stoppedClock();
  const setup = await watched(t, { clock: timers.clock, holdMs: HOLD_MS });
  for (const [name, text] of Object.entries(files)) await setup.write(name, text);
  await setup.watch.start();
  await setup.next();
  return {
    ...setup,
    timers,
    /** The next update, whatever has to run for it: looks that events ask for, and ends of holds. */
    async following(): Promise<string[]> {
      const count = setup.updates.length;
      while (setup.updates.length === count) {
        for (const delay of timers.delays()) if (delay <= HOLD_MS) timers.run(delay);
        await new Promise(setImmediate);
      }
      return setup.next();
    },
  };
}

const losses: Record<string, (setup: Watched) => Promise<void>> = {
  "is emptied": ({ dir }) => writeFile(join(dir, "p.yaml"), ""),
  "is cut off between two documents": ({ dir }) => writeFile(join(dir, "p.yaml"), ipPool("q")),
  "is cut off in a number": ({ dir }) =>
    writeFile(join(dir, "p.yaml"), BOTH.replace(/Size: 10}\n---\n$/, "Size: 1}\n")),
  "is away": ({ dir }) => unlink(join(dir, "p.yaml")),
  "is moved away": ({ dir }) => rename(join(dir, "p.yaml"), join(dir, "p.yaml~")),
};

for (const [what, lose] of Object.entries(losses)) {
  test(`a pool stays while its file ${what} for a moment`, async (t) => {
    const setup = await serving(t, { "p.yaml": BOTH });
    await lose(setup);
    t.ok((await setup.following()).includes("keep ippool/p"));
    setup.timers.pass(HOLD_MS - 1);
    await writeFile(join(setup.dir, "p.yaml"), BOTH);
    t.same(await setup.following(), [Q, P]);
    t.notOk(setup.log.some((line) => /error|changed|no addresses/.test(line)));
  });

  test(`a pool goes when its file ${what} for longer`, async (t) => {
    const setup = await serving(t, { "p.yaml": BOTH });
    await lose(setup);
    await setup.following();
    setup.timers.pass(HOLD_MS);
    const now = await setup.following();
    t.notOk(now.includes(P) || now.includes("keep ippool/p"), now.join());
  });
}

const full =
  ", gateway: 10.0.0.10, defaultGateway: true, routes: [{dst: 10.8.0.0/16}, {dst: 10.9.0.0/16}]" +
  ", exclusions: [{startIP: 10.0.0.2, endIP: 10.0.0.4}, {startIP: 10.0.0.6, endIP: 10.0.0.6}]";
const less: Record<string, [from: string, to: string]> = {
  "the gateway": [full.slice(0, full.indexOf(", exclusions")), ""],
  "the gateway's last digit": ["gateway: 10.0.0.10", "gateway: 10.0.0.1"],
  "the default route": [", defaultGateway: true", ""],
  "a route": [", {dst: 10.9.0.0/16}", ""],
  "an exclusion": [", {startIP: 10.0.0.6, endIP: 10.0.0.6}", ""],
  "the end of an exclusion": ["endIP: 10.0.0.4", "endIP: 10.0.0.3"],
};

for (const [what, [from, to]] of Object.entries(less)) {
  test(`${what} goes only when it is away for a while, and comes at once`, async (t) => {
    const setup = await serving(t, { "p.yaml": ipPool("p", full) });
    await setup.write("p.yaml", ipPool("p", full.replace(from, to)));
    t.same(await setup.following(), ["keep ippool/p"]);
    setup.timers.pass(HOLD_MS);
    t.same(await setup.following(), [P]);
    t.not(full.replace(from, to), full);
    if (what === "the gateway's last digit") return;
    await setup.write("p.yaml", ipPool("p", full));
    t.same(await setup.following(), [P]);
  });
}

test("a block moves when nothing else was wanted for a while, and is said to have moved only then", async (t) => {
  const setup = await serving(t, { "p.yaml": ipPool("p"), "n.yaml": nodes("n1") });
  const moved = () => setup.log.filter((line) => /block has changed/.test(line)).length;
  await writeFile(join(setup.dir, "n.yaml"), nodes("a"));
  t.same(await setup.following(), ["keep ippool/p"]);
  setup.timers.pass(HOLD_MS - 1);
  await writeFile(join(setup.dir, "n.yaml"), nodes("a", "b", "n1"));
  await setup.timers.due(SETTLE_MS);
  setup.timers.run(SETTLE_MS);
  await setup.timers.due(HOLD_MS);
  t.equal(moved(), 0);
  setup.timers.pass(HOLD_MS);
  t.same(await setup.following(), ["ippool/p 10.0.0.21-10.0.0.30"]);
  t.equal(moved(), 1);
});

test("one pool that never comes to rest does not hold another", async (t) => {
  const setup = await serving(t, { "p.yaml": ipPool("p"), "q.yaml": ipPool("q") });
  await unlink(join(setup.dir, "p.yaml"));
  t.same(await setup.following(), [Q, "keep ippool/p"]);
  setup.timers.pass(HOLD_MS - 1);
  await writeFile(join(setup.dir, "q.yaml"), "");
  t.same(await setup.following(), ["keep ippool/p", "keep ippool/q"]);
  setup.timers.pass(1);
  t.same(await setup.following(), ["keep ippool/q"]);
});

test("what takes nothing away is not put off", async (t) => {
  const setup = await serving(t, { "p.yaml": ipPool("p") });
  await writeFile(join(setup.dir, "p.yaml"), ipPool("p", ", gateway: 10.0.0.1") + ipPool("q"));
  t.same(await setup.following(), [P, Q]);
});

test("after a start nothing is put off: who edits and restarts means it", async (t) => {
  const text = '{"subnet":"10.0.0.0/24","startIP":"10.0.0.51","endIP":"10.0.0.60","gateway":""}';
  const lastShares = async () =>
    ["p", "q"].map((name) => decodeShare({ type: "ippool" as const, name }, text));
  const setup = await watched(t, { lastShares, holdMs: HOLD_MS });
  await setup.write("p.yaml", ipPool("p").replace("Size: 10", "Size: 25"));
  await setup.watch.start();
  t.same(await setup.next(), ["ippool/p 10.0.0.1-10.0.0.25"]);
});

test("a file is read when no event has come for a moment, or have come for too long", async (t) => {
  const setup = await serving(t, {});
  const { timers } = setup;
  const path = join(setup.dir, "p.yaml");
  for (let i = 0; !timers.delays().includes(0); i++) {
    await writeFile(path, `# ${i}\n${ipPool("p")}`);
    await new Promise(setImmediate);
    timers.pass(SETTLE_MS / 10);
    t.ok(i < (LONGEST_BURST_MS / SETTLE_MS) * 1000 && timers.delays().length === 1, "each event begins anew");
  }
  t.equal(setup.updates.length, 1);
  timers.run(0);
  t.same(await setup.next(), [P]);
});
