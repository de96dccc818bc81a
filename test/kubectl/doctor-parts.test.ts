// SPDX-License-Identifier: Apache-2.0
// Those parts of doctor that judge what was read, on cases that a whole cluster seldom has. The findings themselves are
// seen on a real API in test/e2e/kubectl-doctor*.test.ts.
import { test } from "tap";
import { parseAddress } from "../../lib/ip/address.ts";
import type { ToldReservation } from "../../lib/kubectl/ask-daemon.ts";
import { listDaemonPods } from "../../lib/kubectl/daemon-pods.ts";
import { diagnose } from "../../lib/kubectl/doctor.ts";
import { diagnoseAddresses } from "../../lib/kubectl/doctor-addresses.ts";
import { diagnoseClocks } from "../../lib/kubectl/doctor-clocks.ts";
import { diagnoseDaemons } from "../../lib/kubectl/doctor-daemons.ts";
import { diagnoseReservations } from "../../lib/kubectl/doctor-nodes.ts";
import { diagnosePools } from "../../lib/kubectl/doctor-pools.ts";
import { findHoldings } from "../../lib/kubectl/usage.ts";
import { fakeApi, pod, readPools, small } from "./cluster-objects.ts";

const nodes = (...names: string[]) => names.map((name) => ({ name, labels: {} }));

test("pools: two nodes with the same addresses, many nodes without any", async (t) => {
  const twice = [...small.allocations, { nodeName: "c", startIP: "10.0.0.21", endIP: "10.0.0.40" }];
  t.match(diagnosePools(await readPools({ ...small, allocations: twice }), nodes("a", "b", "c")), [
    { severity: "error", message: /nodes [bc] and [bc] both have addresses of 10\.0\.0\.21-10\.0\.0\.40/ },
  ]);
  const many = nodes("a", ...Array.from({ length: 8 }, (_, i) => `n${i}`));
  t.match(diagnosePools(await readPools(small), many), [
    { message: /8 nodes have no block: n0, n1, n2, n3, n4 and 3 more$/ },
  ]);
  t.same(diagnosePools(await readPools(small), nodes("a", "b")), []);
});

test("pools: an edit that no controller has seen", async (t) => {
  const [pool] = await readPools(small);
  t.same(diagnosePools([{ ...pool!, generation: 5 }], []), [], "a Go controller never says what it has seen");
  t.match(diagnosePools([{ ...pool!, generation: 5, observedGeneration: 4 }], []), [
    { message: /was edited/ },
  ]);
});

test("addresses: the same pod twice is no duplicate, two pools are none either", async (t) => {
  const second = {
    type: "cidrpool" as const,
    name: "pool2",
    spec: { cidr: "10.9.0.0/16", perNodeNetworkPrefix: 24 },
  };
  const pools = await readPools(small, second);
  const shown = (name: string, ...ips: string[]) =>
    pod(name, {
      addresses: ips.map((ip) => ({ network: "n", interface: "net1", address: parseAddress(ip)! })),
    });
  const diagnose = (...pods: ReturnType<typeof pod>[]) =>
    diagnoseAddresses(findHoldings({ pools, pods, networks: new Map() }));
  t.same(diagnose(shown("x", "10.0.0.5", "10.0.0.5"), shown("y", "10.9.0.5")), []);
  t.match(diagnose(shown("x", "10.0.0.5"), shown("y", "10.0.0.5"), shown("z", "10.0.0.5")), [
    { message: /by default\/x on a and default\/y on a and default\/z on a$/ },
  ]);
});

test("daemons: one image under one name may be two", async (t) => {
  const written = (node: string, imageID: string) => ({
    metadata: { name: node, namespace: "ns" },
    spec: { nodeName: node, containers: [{ name: "node", image: "nv-ipam:latest" }] },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ name: "node", imageID }],
    },
  });
  const read = (...ids: string[]) =>
    listDaemonPods(fakeApi({ pods: ids.map((id, i) => written(`n${i}`, id)) }), "x");
  t.match(diagnoseDaemons(await read("r@sha256:1", "r@sha256:2"), []), [
    { message: /nv-ipam:latest \(sha256:1\) on n0; nv-ipam:latest \(sha256:2\) on n1/ },
  ]);
  t.same(diagnoseDaemons(await read("r@sha256:1", "r@sha256:1"), []), []);
  t.same(diagnoseDaemons(await read("r@sha256:1", ""), []), [], "not pulled yet");
});

test("clocks: how old a lease is does not matter", async (t) => {
  const lease = (name: string, renewTime: string, ...times: string[]) => ({
    metadata: { name, managedFields: times.map((time) => ({ time })) },
    spec: { renewTime },
  });
  const api = fakeApi({
    leases: [
      lease("dead", "2020-01-01T00:00:00.000000Z", "2020-01-01T00:00:01Z"),
      lease("ahead", "2026-01-01T00:01:00.000000Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
      lease("bare", "2026-01-01T00:01:00.000000Z"),
      lease("broken", "", "2026-01-01T00:00:00Z"),
    ],
  });
  t.match((await diagnoseClocks(api)).findings, [{ node: "ahead", message: /60 s ahead of/ }]);
});

test("reservations: of whose pod it can be told that it has gone", async (t) => {
  const [daemon] = await listDaemonPods(
    fakeApi({ pods: [{ metadata: { name: "d", namespace: "ns" }, spec: { nodeName: "a" } }] }),
    "x",
  );
  const now = Date.parse("2026-01-01T01:00:00Z");
  const held = (podName: string, more: Partial<ToldReservation> = {}): ToldReservation => ({
    ...{
      pool: "p",
      poolType: "ippool",
      address: "10.0.0.5",
      containerId: "c",
      interface: "net1",
      network: "",
    },
    ...{ podNamespace: "default", podName, podUid: `uid-${podName}`, createdAt: "2026-01-01T00:00:00Z" },
    ...more,
  });
  const pods = [
    pod("here"),
    pod("there", { node: "b" }),
    pod("static", { isMirror: true, uid: "other" }),
    pod("again", { uid: "2" }),
  ];
  const stale = (reservation: ToldReservation): boolean => {
    const report = { daemon: daemon!, findings: [], reservations: [reservation], unchecked: [] };
    return diagnoseReservations([report], pods, now).findings.length > 0;
  };
  t.same(
    ["here", "static"].map((name) => stale(held(name))),
    [false, false],
  );
  t.same(
    ["gone", "there", "again"].map((name) => stale(held(name))),
    [true, true, true],
  );
  t.notOk(stale(held("again", { podUid: "" })), "its UID was not recorded");
  t.notOk(stale(held("gone", { createdAt: "2026-01-01T00:58:00Z" })), "its pod may come");
  t.notOk(stale(held("", { podNamespace: "" })), "nobody can tell");
});

test("an API that does not answer: everything is unchecked, told once, which is no clean bill", async (t) => {
  const options = { namespace: "kube-system", daemonSelector: "name=nv-ipam-node", nowMs: 0 };
  const silent = { call: () => Promise.reject(new Error("cannot reach the API server")) };
  const { findings, unchecked, isBlind } = await diagnose(silent, options);
  t.same([findings, isBlind], [[], true]);
  t.equal(unchecked.length, 1);
  t.match(unchecked[0], /^definitions, daemons, .*pools.*: cannot reach the API server$/);
});
