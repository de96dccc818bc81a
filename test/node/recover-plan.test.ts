// SPDX-License-Identifier: Apache-2.0
// Which of several sources is believed, and what the runtimes' files look like that they come from.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { formatAddress } from "../../lib/ip/address.ts";
import { formatSubnet } from "../../lib/ip/subnet.ts";
import { readResultCache } from "../../lib/node/recover-cache.ts";
import { planRecovery } from "../../lib/node/recover-plan.ts";
import { readPodAddresses } from "../../lib/node/recover-pods.ts";
import type { Salvage, SalvagedRow } from "../../lib/node/recover-rows.ts";
import { encodeShare } from "../../lib/pool/share-text.ts";
import { makeSite, shares, writeCached } from "./recover-setup.ts";
import { address, nobody, ref } from "./store-fixture.ts";

const NOW = 1_800_000_000_000;
const extras = { requested: false, goCreateTime: null, goSnapshot: null, sequence: 7 };

const pools: Salvage["pools"] = new Map([
  [1, { ref: ref("p"), share: encodeShare(shares[0]!), lastAddress: address("10.0.0.9"), isWhole: true }],
]);

function row(containerId: string, ip: string, more: Partial<SalvagedRow> = {}): SalvagedRow {
  const details = { ...nobody, ...extras, podName: `of-${containerId}`, createdAtMs: 5 };
  return {
    poolId: 1,
    containerId,
    interfaceName: "net1",
    address: address(ip),
    isStray: false,
    details,
    ...more,
  };
}

const cached = (containerId: string, ip: string, pool = ref("p")) => ({
  ...nobody,
  containerId,
  interfaceName: "net1",
  podUid: `uid-${containerId}`,
  pools: [pool],
  addresses: [address(ip)],
  networks: [],
  createdAtMs: 6,
  file: `net-${containerId}-net1`,
});

function plan(rows: SalvagedRow[], attachments: ReturnType<typeof cached>[] = [], pods: string[] = []) {
  const status = pods.map((ip) => ({ interface: "net1", ips: [ip] }));
  const pod = { namespace: "ns", name: "pod", uid: "uid-pod", networkStatus: JSON.stringify(status) };
  const outcome = planRecovery({
    store: { pools, rows },
    runtime: [{ attachments, problems: [] }],
    pods: readPodAddresses(pod),
    nowMs: NOW,
  });
  const texts = outcome.reservations.map(
    (one) => `${formatAddress(one.address)} ${one.containerId} ${one.source}`,
  );
  const conflicts = outcome.conflicts.map(
    ({ kept, dropped }) => `${kept.containerId} not ${dropped.containerId}`,
  );
  return { ...outcome, texts, conflicts };
}

test("the store's rows keep what only the store knows, the round robin too", (t) => {
  const { reservations, pools: kept } = plan([row("a", "10.0.0.5")], [cached("a", "10.0.0.5")]);
  t.match(reservations, [
    { source: "store", podName: "of-a", createdAtMs: 5, sequence: 7, requested: false },
  ]);
  t.equal(reservations.length, 1);
  t.equal(formatAddress(kept[0]!.lastAddress!), "10.0.0.9");
  t.equal(kept[0]!.share, encodeShare(shares[0]!));
  t.end();
});

test("of two holders of an address the more reliable one is kept, and the other is told", (t) => {
  const stray = row("stray", "10.0.0.5", { isStray: true });
  t.match(plan([row("a", "10.0.0.5")], [cached("b", "10.0.0.5")]), {
    texts: ["10.0.0.5 b runtime"],
    conflicts: ["b not a"],
  });
  const both = plan([row("a", "10.0.0.5")], [cached("b", "10.0.0.5"), cached("a", "10.0.0.5")]);
  t.match(both, { texts: ["10.0.0.5 a store"], conflicts: ["a not b"] });
  const left = { ...cached("left", "10.0.0.5"), createdAtMs: 1 };
  t.match(plan([], [left, cached("b", "10.0.0.5")]), {
    texts: ["10.0.0.5 b runtime"],
    conflicts: ["b not left"],
  });
  t.match(plan([stray, row("a", "10.0.0.5")]), { texts: ["10.0.0.5 a store"], conflicts: ["a not stray"] });
  t.match(plan([stray]), { texts: ["10.0.0.5 stray store-stray"], conflicts: [] });
  t.match(plan([row("a", "10.0.0.5")], [], ["10.0.0.5"]), {
    texts: ["10.0.0.5 a store"],
    conflicts: ["a not pod:uid-pod"],
  });
  t.end();
});

test("an attachment of which two addresses are told keeps both", (t) => {
  const { details: _lost, ...index } = row("a", "10.0.0.6");
  t.same(plan([row("a", "10.0.0.5"), index]).texts, ["10.0.0.5 a store", "10.0.0.6 second:a store-index"]);
  t.same(plan([row("a", "26.0.0.5"), index]).texts, ["10.0.0.6 a store-index", "26.0.0.5 second:a store"]);
  t.end();
});

test("what only a pod's annotation tells is found by its UID; addresses of other networks are nobody's", (t) => {
  const { reservations, texts } = plan([], [], ["10.0.0.7", "192.168.1.1"]);
  t.same(texts, ["10.0.0.7 pod:uid-pod pod"]);
  t.match(reservations, [{ podNamespace: "ns", podName: "pod", podUid: "uid-pod", interfaceName: "net1" }]);
  t.end();
});

test("a pool whose row is lost gets its name from the runtime", (t) => {
  const lost = { ...row("a", "10.0.0.5"), poolId: 9 };
  const named = plan([lost], [cached("a", "10.0.0.5", ref("other"))]);
  t.match(named.reservations, [{ pool: ref("other"), podName: "of-a" }]);
  t.match(named.pools, [{ ref: ref("other") }, { ref: ref("p") }]);
  t.end();
});

test("result files of every shape", (t) => {
  const { resultsDir } = makeSite(t);
  const record = {
    ...nobody,
    pool: ref("p"),
    address: address("10.0.0.5"),
    containerId: "c",
    interfaceName: "net1",
    podName: "pod",
    podNamespace: "ns",
    podUid: "uid",
    createdAtMs: 1,
  };
  const look = (config: object, change: (entry: Record<string, unknown>) => object = (entry) => entry) => {
    writeCached(resultsDir, record, config);
    const file = join(resultsDir, "net-c-net1");
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")))));
    return readResultCache(resultsDir);
  };
  const ipam = { type: "nv-ipam", confDir: "/nowhere" };
  const single = {
    type: "macvlan",
    name: "net",
    deviceID: "0000:01:00.1",
    ipam: { ...ipam, poolName: "a,b" },
  };
  const two = look(single, (entry) => ({
    ...entry,
    result: { ips: [{ address: "10.0.0.5/16" }, { version: "6", address: "fd00::5/64" }] },
  }));
  t.match(two.attachments, [
    {
      pools: [ref("a"), ref("b")],
      deviceId: "0000:01:00.1",
      podName: "pod",
      podUid: "uid",
      networkName: "net",
    },
  ]);
  t.same(two.attachments[0]!.addresses.map(formatAddress), ["10.0.0.5", "fd00::5"]);
  t.same(two.attachments[0]!.networks.map(formatSubnet), ["10.0.0.0/16", "fd00::/64"]);
  const old = look({ type: "bridge", ipam: { ...ipam, PoolType: "CIDRPool" } }, (entry) => ({
    ...entry,
    result: { ip4: { ip: "10.0.0.5/16" }, ip6: { ip: "fd00::5/64" } },
  }));
  t.match(old.attachments, [{ pools: [ref("net", "cidrpool")] }], "the network's name is the pool's");
  t.equal(old.attachments[0]!.addresses.length, 2);
  const args = { cni: { poolNames: ["x"], poolType: "cidrpool" } };
  t.match(look({ type: "bridge", ipam: { ...ipam, poolName: "a" }, args }).attachments, [
    { pools: [ref("x", "cidrpool")] },
  ]);
  t.same(look({ type: "bridge", ipam: { type: "host-local" } }), { attachments: [], problems: [] });
  t.same(look({ plugins: [{ type: "loopback" }] }).attachments, []);
  t.match(look({ type: "bridge", ipam: { ...ipam, poolType: "x" } }).problems, [
    /net-c-net1 cannot be read: poolType "x"/,
  ]);
  writeFileSync(join(resultsDir, "net-c-net1"), "{");
  t.match(readResultCache(resultsDir), { attachments: [], problems: [/net-c-net1 cannot be read/] });
  writeFileSync(join(resultsDir, "net-c-net1"), '{"ips":[]}');
  t.same(readResultCache(resultsDir), { attachments: [], problems: [] }, "of an older libcni");
  rmSync(resultsDir, { recursive: true });
  t.match(readResultCache(resultsDir).problems, [/is not there/]);
  t.end();
});
