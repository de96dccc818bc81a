// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { ref } from "../node/store-fixture.ts";
import { type Daemon, ips, parsed, pod, run, startDaemon } from "./debug-fixture.ts";

const longId = (digit: string): string => digit.repeat(64);

/** Five reservations, two of them of the pod shop/web. */
async function fill(daemon: Daemon): Promise<void> {
  await daemon.reserve("c1", pod("web"));
  await daemon.reserve("c1", pod("web"), { pools: [ref("six", "cidrpool")] });
  await daemon.reserve("c2", { ...pod("web", "bank"), networkName: "other" });
  await daemon.reserve(longId("a"), pod("db"));
  await daemon.reserve("c4", {}, ips("192.168.200.1"));
}

const addresses = (rows: unknown): string[] => (rows as { address: string }[]).map(({ address }) => address);

test("reservations: a table and JSON, from the daemon and from its store", async (t) => {
  const daemon = await startDaemon(t);
  const beganMs = Date.now();
  await fill(daemon);
  const rows = [
    /^POOL +TYPE +ADDRESS +CONTAINER +INTERFACE +POD +NETWORK +DEVICE +AGE$/m,
    /^six +cidrpool +fd00:5::1 +c1 +net1 +shop\/web +net +0000:01:00\.1 +\d+s$/m,
    /^p +ippool +192\.168\.0\.11 +c1 +net1 +shop\/web +net +0000:01:00\.1 +\d+s$/m,
    /^p +ippool +192\.168\.0\.12 +c2 +net1 +bank\/web +other +0000:01:00\.1 +\d+s$/m,
    /^p +ippool +192\.168\.0\.13 +a{64} +net1 +shop\/db +net +0000:01:00\.1 +\d+s$/m,
    /^p +ippool +192\.168\.200\.1 +c4 +net1 +- +- +- +\d+s$/m,
  ];
  const online = await run(daemon, ["reservations"]);
  for (const row of rows) t.match(online.stdout, row);
  t.equal(online.stdout.split("\n").length, rows.length + 1);
  t.match(online, { status: 0, stderr: "" });
  const list = parsed(await run(daemon, ["reservations", "-o", "json"])) as { createdAt: string }[];
  t.match(list[1], {
    pool: "p",
    poolType: "ippool",
    address: "192.168.0.11",
    containerId: "c1",
    interface: "net1",
    podNamespace: "shop",
    podName: "web",
    podUid: "uid-web",
    network: "net",
    deviceId: "0000:01:00.1",
    createdAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  });
  t.same(
    Object.keys(list[1]!),
    "pool poolType address containerId interface podNamespace podName podUid network deviceId createdAt".split(
      " ",
    ),
  );
  const createdMs = Date.parse(list[1]!.createdAt);
  t.ok(createdMs >= beganMs && createdMs <= Date.now());
  t.match(list[4], { podNamespace: "", podName: "", podUid: "", network: "", deviceId: "" });
  await daemon.stop();
  const offline = await run(daemon, ["reservations"]);
  for (const row of rows) t.match(offline.stdout, row);
  t.match(offline.stderr, /^no daemon answers at .*: this is what store .* holds\n$/);
  t.same(parsed(await run(daemon, ["reservations", "-o", "json"])), list);
});

const filters: [filter: string, addresses: readonly string[]][] = [
  ["--pool p", ["192.168.0.11", "192.168.0.12", "192.168.0.13", "192.168.200.1"]],
  ["--pool six", ["fd00:5::1"]],
  ["--pool six --pool-type ippool", []],
  ["--pool-type CIDRPool", ["fd00:5::1"]],
  ["--container c1", ["fd00:5::1", "192.168.0.11"]],
  ["--container c", []],
  [`--container ${longId("a")}`, ["192.168.0.13"]],
  [`--container ${longId("a").slice(0, 13)}`, ["192.168.0.13"]],
  [`--container ${longId("a").slice(0, 13)}b`, []],
  ["--interface net1 --container c2", ["192.168.0.12"]],
  ["--interface net2", []],
  ["--pod shop/web", ["fd00:5::1", "192.168.0.11"]],
  ["--pod web", ["fd00:5::1", "192.168.0.11", "192.168.0.12"]],
  ["--pod web --namespace bank", ["192.168.0.12"]],
  ["--pod bank/web -n bank", ["192.168.0.12"]],
  ["--namespace shop", ["fd00:5::1", "192.168.0.11", "192.168.0.13"]],
  ["--network other", ["192.168.0.12"]],
  ["--address 192.168.0.13", ["192.168.0.13"]],
  ["--address FD00:5:0::1", ["fd00:5::1"]],
];

test("reservations: filters, from the daemon and from its store", async (t) => {
  const daemon = await startDaemon(t);
  await fill(daemon);
  const check = async (): Promise<void> => {
    for (const [filter, expected] of filters) {
      const outcome = await run(daemon, ["reservations", ...filter.split(" "), "-o", "json"]);
      t.same(addresses(parsed(outcome)), expected, filter);
    }
    t.match(await run(daemon, ["reservations", "--pod", "no/one"]), {
      status: 0,
      stdout: "",
      stderr: /No reservation matches\.\n$/,
    });
  };
  await check();
  await daemon.stop();
  await check();
});

test("reservations: none", async (t) => {
  const daemon = await startDaemon(t);
  t.match(await run(daemon, ["reservations"]), { status: 0, stdout: "", stderr: "No reservations.\n" });
  t.match(await run(daemon, ["reservations", "-o", "json"]), { status: 0, stdout: "[]\n", stderr: "" });
});

test("reservations: long IDs are shortened for eyes only", async (t) => {
  const daemon = await startDaemon(t);
  await fill(daemon);
  const watched = await run(daemon, ["reservations"], { answer: true });
  t.match(watched.stdout, / a{13} +net1/);
  t.notMatch(watched.stdout, /a{14}/);
});

test("reservations: what a caller stored cannot steer a terminal", async (t) => {
  const daemon = await startDaemon(t);
  const evil = "x\u001b]0;owned\u0007\u009b2J\r\nfake";
  await daemon.reserve("c1", { ...pod(evil), networkName: evil, deviceId: evil });
  const table = await run(daemon, ["reservations"]);
  t.notMatch(table.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  t.equal(table.stdout.split("\n").length, 3);
  const json = await run(daemon, ["reservations", "-o", "json"]);
  t.notMatch(json.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  t.match(parsed(json), [{ podName: evil, network: evil, deviceId: evil }]);
});

test("reservations: many come page by page, each once and in order", async (t) => {
  const daemon = await startDaemon(t);
  const names = Array.from({ length: 4500 }, (_, i) => `c${i}`);
  for (let begin = 0; begin < names.length; begin += 1500) {
    const some = names.slice(begin, begin + 1500);
    await Promise.all(some.map((name) => daemon.reserve(name, {}, { pools: [ref("six", "cidrpool")] })));
  }
  const list = parsed(await run(daemon, ["reservations", "-o", "json"])) as {
    containerId: string;
    address: string;
  }[];
  t.equal(list.length, names.length);
  t.equal(new Set(list.map(({ address }) => address)).size, names.length);
  t.same(list.map(({ containerId }) => containerId).sort(), [...names].sort());
  const lines = (await run(daemon, ["reservations"])).stdout.trimEnd().split("\n");
  t.equal(lines.length, names.length + 1);
  t.equal(lines.filter((line) => line.startsWith("POOL")).length, 1);
});
