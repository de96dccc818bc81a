// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { parseAddress } from "../../lib/ip/address.ts";
import { listNetworks } from "../../lib/kubectl/attachment-networks.ts";
import type { ClusterPod } from "../../lib/kubectl/cluster-pods.ts";
import { readNetworkStatus } from "../../lib/kubectl/network-status.ts";
import { findHoldings, Usage } from "../../lib/kubectl/usage.ts";
import { fakeApi, pod, readPools, refusal, small } from "./cluster-objects.ts";

const KEY = "k8s.v1.cni.cncf.io/network-status";
const none = new Map();

/** A pod with these addresses on one network. */
const at = (name: string, ips: readonly string[], network = "default/net", more: Partial<ClusterPod> = {}) =>
  pod(name, {
    ...more,
    addresses: ips.map((ip) => ({ network, interface: "net1", address: parseAddress(ip)! })),
  });

test("what Multus writes, and what others do", (t) => {
  const text = JSON.stringify([
    { name: "cbr0", ips: ["10.244.1.2"], default: true },
    { name: "default/net", interface: "net1", ips: ["10.0.0.5", "fd00::5/64", 7, "nonsense"] },
    { name: "default/other" },
    "nonsense",
  ]);
  t.match(readNetworkStatus({ [KEY]: text }), [
    { network: "cbr0", interface: "", address: { family: 4 } },
    { network: "default/net", interface: "net1", address: { family: 4 } },
    { network: "default/net", address: { family: 6, value: parseAddress("fd00::5")!.value } },
  ]);
  t.equal(readNetworkStatus({ "k8s.v1.cni.cncf.io/networks-status": text }).length, 3, "the older name");
  for (const broken of ["", "{", "null", "{}", "[null]", '[{"ips":"10.0.0.1"}]'])
    t.same(readNetworkStatus({ [KEY]: broken }), [], broken);
  t.same(readNetworkStatus({}), []);
  t.end();
});

test("addresses are counted once, for pods that have not ended", async (t) => {
  const pools = await readPools(small);
  const pods = [
    at("one", ["10.0.0.5", "10.0.0.5", "10.244.0.1"]),
    at("two", ["10.0.0.6"], "default/net", { isEnded: true }),
    at("three", ["10.0.0.25"], "default/net", { node: "b" }),
  ];
  const usage = new Usage(findHoldings({ pools, pods, networks: none }));
  t.same([usage.count(pools[0]!, "a"), usage.count(pools[0]!, "b"), usage.count(pools[0]!, "c")], [1, 1, 0]);
});

test("of pools that overlap, the network's counts, then the one with the node's block", async (t) => {
  const second = {
    ...small,
    name: "second",
    allocations: [{ nodeName: "c", startIP: "10.0.0.1", endIP: "10.0.0.20" }],
  };
  const pools = await readPools(small, second);
  const poolOf = (subject: ClusterPod, networks = none) =>
    findHoldings({ pools, pods: [subject], networks }).map(({ pool }) => pool.name);
  t.same(poolOf(at("x", ["10.0.0.5"])), ["pool1"]);
  t.same(poolOf(at("x", ["10.0.0.5"], "default/net", { node: "c" })), ["second"]);
  const named = new Map([
    ["default/net", [{ type: "ippool", name: "second" }]],
    ["default/foreign", []],
    ["default/moved", [{ type: "ippool", name: "gone" }]],
  ]);
  t.same(poolOf(at("x", ["10.0.0.5"]), named), ["second"]);
  t.same(poolOf(at("x", ["10.0.0.5"], "default/foreign"), named), [], "another plugin's");
  t.same(
    poolOf(at("x", ["10.0.0.5"], "default/moved"), named),
    ["pool1"],
    "a pod may name other pools than its network",
  );
});

test("the pools of NetworkAttachmentDefinitions", async (t) => {
  const definition = (name: string, config: unknown) => ({
    metadata: { name, namespace: "default" },
    spec: { config: typeof config === "string" ? config : JSON.stringify(config) },
  });
  const api = fakeApi({
    "network-attachment-definitions": [
      definition("plain", { type: "macvlan", ipam: { type: "nv-ipam", poolName: "a" } }),
      definition("two", { plugins: [{ ipam: { type: "nv-ipam", poolName: "a,b", poolType: "CIDRPool" } }] }),
      definition("named", { name: "net", ipam: { type: "nv-ipam" } }),
      definition("foreign", { ipam: { type: "whereabouts" } }),
      definition("none", { type: "macvlan" }),
      definition("file", ""),
    ],
  });
  t.same(
    [...(await listNetworks(api))],
    [
      ["default/plain", [{ type: "ippool", name: "a" }]],
      [
        "default/two",
        [
          { type: "cidrpool", name: "a" },
          { type: "cidrpool", name: "b" },
        ],
      ],
      ["default/named", [{ type: "ippool", name: "net" }]],
      ["default/foreign", []],
    ],
  );
  t.equal((await listNetworks(fakeApi({}))).size, 0, "a cluster without Multus");
  const forbidden = { call: () => Promise.reject(refusal(403)) };
  t.equal((await listNetworks(forbidden)).size, 0);
  await t.rejects(listNetworks({ call: () => Promise.reject(refusal(500, "broken")) }), /broken/);
});
