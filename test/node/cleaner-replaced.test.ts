// SPDX-License-Identifier: Apache-2.0
// Reservations that a newer container of the same pod has made useless.
import { test } from "tap";
import type { ReservationRecord } from "../../lib/node/call.ts";
import { NewestContainers } from "../../lib/node/cleaner-replaced.ts";
import { pod, setUp } from "./cleaner-setup.ts";
import { address, eth, nobody, ref } from "./store-fixture.ts";

function record(containerId: string, more: Partial<ReservationRecord> = {}): ReservationRecord {
  return {
    ...eth(containerId),
    ...nobody,
    ...{ pool: ref("p"), address: address("10.0.0.1"), createdAtMs: 0 },
    ...{ podName: "web", podNamespace: "default", podUid: "uid", networkName: "net" },
    ...more,
  };
}

type Row = readonly [name: string, records: readonly ReservationRecord[], replaced: readonly string[]];

const rows: readonly Row[] = [
  ["an older container", [record("a", { sequence: 1 }), record("b", { sequence: 2 })], ["a"]],
  ["in any order", [record("b", { sequence: 2 }), record("a", { sequence: 1 })], ["a"]],
  [
    "the clock was set back in between",
    [record("a", { sequence: 1, createdAtMs: 9000 }), record("b", { sequence: 2, createdAtMs: 1000 })],
    ["a"],
  ],
  [
    "two older ones",
    [record("a", { sequence: 1 }), record("b", { sequence: 2 }), record("c", { sequence: 3 })],
    ["a", "b"],
  ],
  [
    "two pools of one container",
    [record("a", { sequence: 1 }), record("a", { sequence: 2, pool: ref("q") })],
    [],
  ],
  [
    "another interface",
    [record("a", { sequence: 1 }), record("b", { sequence: 2, interfaceName: "net2" })],
    [],
  ],
  ["another network", [record("a", { sequence: 1 }), record("b", { sequence: 2, networkName: "other" })], []],
  ["another pod", [record("a", { sequence: 1 }), record("b", { sequence: 2, podUid: "other" })], []],
  [
    "no UID recorded",
    [record("a", { sequence: 1, podUid: "" }), record("b", { sequence: 2, podUid: "" })],
    [],
  ],
  [
    "no network recorded",
    [record("a", { sequence: 1, networkName: "" }), record("b", { sequence: 2, networkName: "" })],
    [],
  ],
  [
    "a second address of one container",
    [record("a", { sequence: 1 }), record("second:a", { sequence: 2 })],
    [],
  ],
  ["the order of one is not known", [record("a", { createdAtMs: 1 }), record("b", { sequence: 2 })], []],
];

for (const [name, records, replaced] of rows) {
  test(name, (t) => {
    const containers = new NewestContainers();
    for (const record of records) containers.see(record);
    const found = records.filter((record) => containers.haveReplaced(record));
    t.same(
      found.map(({ containerId }) => containerId),
      replaced,
    );
    t.end();
  });
}

test("one that was made since the others were seen has not been replaced", (t) => {
  const containers = new NewestContainers();
  containers.see(record("old", { sequence: 1 }));
  t.notOk(containers.haveReplaced(record("new", { sequence: 2 })));
  t.end();
});

test("it is released after the same misses, its pod alive or not; the newer one stays", async (t) => {
  const site = setUp(t);
  await site.serve();
  await site.reserve("web", { container: "old" });
  await site.reserve("web", { container: "new" });
  site.cache.set("default/web", pod("web"));
  await site.begin();
  await site.rounds(2);
  t.same(await site.held(), ["old", "new"]);
  await site.rounds(1);
  t.same(await site.held(), ["new"]);
  await site.rounds(10);
  t.same(await site.held(), ["new"]);
});
