// SPDX-License-Identifier: Apache-2.0
// A store whose files go away underneath: what is stored then would be forgotten, so nothing is given any more.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { startStoreThread } from "../../lib/node/store-thread.ts";
import { openSession, serving, share, wish, workerUrl } from "./store-fixture.ts";

const part = share("p", "10.0.0.0/24", "10.0.0.1-10.0.0.9");

const ways: [what: string, go: (path: string) => void][] = [
  ["the store is deleted", (path) => rmSync(path)],
  ["its log is deleted", (path) => rmSync(`${path}-wal`)],
  ["both are moved away", (path) => ["", "-wal"].map((end) => renameSync(path + end, `${path}.old${end}`))],
  [
    "a copy takes its place",
    (path) => {
      writeFileSync(`${path}.new`, readFileSync(path));
      renameSync(`${path}.new`, path);
    },
  ],
];

for (const [what, go] of ways) {
  test(`${what} while the daemon runs`, async (t) => {
    const storeFile = join(t.testdir(), "store");
    const desk = await startStoreThread({ storeFile, workerUrl });
    await desk.call("setShares", serving(part));
    await desk.call("allocate", wish("a"));
    const faults: string[] = [];
    desk.onFaultChange((fault) => faults.push(fault));
    go(storeFile);
    const message =
      /^store \S+ or its -wal was removed or replaced while ipam-node runs on it; no address is given/;
    await t.rejects(desk.call("allocate", wish("b")), { code: 14, message });
    await t.rejects(desk.call("deallocate", { ...wish("a") }), { code: 14, message });
    t.equal(faults.length, 1);
    t.match(faults[0], message);
    t.match(desk.fault(), message);
    await desk.stop();
  });
}

test("the end of such a daemon leaves the store alone that lies there now", async (t) => {
  const dir = t.testdir({ other: {} });
  const [storeFile, other] = [join(dir, "store"), join(dir, "other", "store")];
  const desk = await startStoreThread({ storeFile, workerUrl });
  await desk.call("setShares", serving(part));
  const session = openSession(other);
  session.run([
    { name: "setShares", request: serving(part) },
    { name: "allocate", request: wish("restored") },
  ]);
  for (const end of ["", "-wal"]) writeFileSync(`${storeFile}.new${end}`, readFileSync(other + end));
  session.close();
  for (const end of ["", "-wal"]) renameSync(`${storeFile}.new${end}`, storeFile + end);
  await t.rejects(desk.call("allocate", wish("b")), { code: 14 });
  await desk.stop();
  t.ok(existsSync(`${storeFile}-wal`));
  const again = openSession(storeFile);
  t.equal(again.table.find(part.pool)?.used, 1, "what was put there is whole");
  again.close();
});
