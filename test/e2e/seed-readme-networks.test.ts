// SPDX-License-Identifier: Apache-2.0
// The network configurations of the first README, through the main plugins that they name: addresses, gateways and what is
// in the log; and what it says of a block that holds the gateway.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { addressOf, callPlugin, errorOf, resultOf } from "../support/cni.ts";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import { ipIn } from "../support/namespaces.ts";
import { inParallel, listReservations } from "../support/reservations.ts";
import { attach, callNetworks, describeResult, type Networks, startPod } from "./seed-multus.ts";
import { ping, type SeedNode, startNodes } from "./seed-nodes.ts";

const namespace = "kube-system";
const names = ["host-a", "host-b", "host-c", "k8s-master"];
const place = (name: string) => ({ kind: "IPPool", namespace, name }) as const;
const nodeSelector = {
  nodeSelectorTerms: [
    { matchExpressions: [{ key: "kubernetes.io/role", operator: "In", values: ["worker"] }] },
  ],
};
const flat = { subnet: "192.168.0.0/16", gateway: "192.168.0.1", nodeSelector };
const pools = {
  pool1: { ...flat, perNodeBlockSize: 24 },
  "my-pool": { ...flat, perNodeBlockSize: 100 },
  pool2: { subnet: "172.16.0.0/16", perNodeBlockSize: 50, nodeSelector },
  "my-ipv4-pool": { subnet: "10.40.0.0/16", perNodeBlockSize: 16, gateway: "10.40.0.1" },
  "my-ipv6-pool": { subnet: "fd40::/64", perNodeBlockSize: 16, gateway: "fd40::1" },
};

const macvlan = { cniVersion: "0.3.1", type: "macvlan", master: "enp3s0f0np0", mode: "bridge" };
const ipam = (poolName: string) => ({ type: "nv-ipam", poolName });
const networks: Networks = {
  "macvlan-net": { ...macvlan, ipam: ipam("my-pool") },
  "my-pool": { ...macvlan, ipam: { type: "nv-ipam" } },
  dual: { ...macvlan, ipam: ipam("my-ipv4-pool,my-ipv6-pool") },
  second: { ...macvlan, ipam: ipam("pool2") },
  mynet: {
    ...{ cniVersion: "0.4.0", name: "mynet", type: "bridge", bridge: "mytestbr" },
    ...{ isGateway: true, ipMasq: true, ipam: ipam("pool1") },
  },
};

const skip = skipUnless("root", "ip", "ping", "cni111", "apiserver");

test("the network configurations of the first README", { skip, timeout: 240_000 }, async (t) => {
  const api = await startApiServer(t);
  for (const name of names) await createNode(api.admin, name, { "kubernetes.io/role": "worker" });
  for (const [name, spec] of Object.entries(pools)) await createPool(api.admin, { ...place(name), spec });
  await startController(t, { kubeconfig: await createControllerUser(api), namespace });
  for (const name of Object.keys(pools))
    await poolWhen(api, place(name), ({ allocations }) => allocations.length === names.length);
  const started = { names: ["host-a", "k8s-master"], namespace, uplink: "enp3s0f0np0" };
  const [hostA, master] = (await startNodes(t, api, started)) as [SeedNode, SeedNode];
  const podOn = (node: SeedNode, name: string, network: string) =>
    startPod(t, api, { name, node, networks: network });
  const run1 = async (node: SeedNode, name: string, network: string): Promise<string> =>
    describeResult(await attach(api, await podOn(node, name, network), networks));
  const logOf = ({ daemon }: SeedNode): string => readFileSync(daemon.log, "utf8");

  await t.test("macvlan: the first free address of the node's block, not the gateway", async (t) => {
    t.equal(await run1(hostA, "web-a", "macvlan-net"), "192.168.0.2/16 via 192.168.0.1");
    t.equal(await run1(master, "web-m", "macvlan-net"), "192.168.1.45/16 via 192.168.0.1");
    const { network } = (await listReservations(hostA.daemon))[0]!;
    t.equal(network, "macvlan-net", "the configuration has no name: it is that of its definition");
  });

  await t.test("without poolName the network's name is the pool's", async (t) => {
    t.equal(await run1(hostA, "by-name", "my-pool"), "192.168.0.3/16 via 192.168.0.1");
  });

  await t.test("two pools: an IPv4 and an IPv6 address", async (t) => {
    const pod = await podOn(hostA, "both", "dual");
    const result = await attach(api, pod, networks);
    t.equal(describeResult(result), "10.40.0.2/16 via 10.40.0.1, fd40::2/64 via fd40::1");
    const seen = ipIn(pod.netns, "-br", "address", "show", "net1");
    t.match(seen, "10.40.0.2/16");
    t.match(seen, "fd40::2/64");
  });

  await t.test("another pool beside it, without a gateway; a pod with three networks", async (t) => {
    t.equal(await run1(hostA, "second", "second"), "172.16.0.1/16");
    const pod = await podOn(master, "three", "macvlan-net, second, dual");
    const results = (await callNetworks(pod, networks)).map((outcome) => describeResult(resultOf(outcome)));
    t.same(results, [
      "192.168.1.46/16 via 192.168.0.1",
      "172.16.0.151/16",
      "10.40.0.49/16 via 10.40.0.1, fd40::31/64 via fd40::1",
    ]);
    const held = await listReservations(master.daemon);
    t.same(
      held.filter(({ podName }) => podName === "three").map((one) => `${one.interface} ${one.pool}`),
      ["net3 my-ipv4-pool", "net3 my-ipv6-pool", "net1 my-pool", "net2 pool2"],
      "each interface has its own",
    );
  });

  await t.test("bridge with a gateway and masquerading", async (t) => {
    const pod = await podOn(hostA, "bridged", "mynet");
    const result = await attach(api, pod, networks);
    t.equal(describeResult(result), "192.168.0.2/16 via 192.168.0.1", "pool1's block is .1 to .24");
    t.match(ipIn(hostA.host, "-4", "-br", "address", "show", "mytestbr"), "192.168.0.1/16");
    t.equal((await ping(pod.netns, "192.168.0.1")).status, 0, "the pod reaches its gateway");
    const [file, ...args] = [...hostA.host.exec, "iptables", "-t", "nat", "-S"];
    t.match((await run(file!, args)).stdout, /-s 192\.168\.0\.2\/32 .*mynet/, "its traffic is masqueraded");
    const [check] = await callNetworks(pod, networks, "CHECK", result);
    t.same([check!.status, check!.stdout], [0, ""]);
    const [del] = await callNetworks(pod, networks, "DEL", result);
    t.same([del!.status, del!.stdout], [0, ""]);
    t.equal(await run1(hostA, "bridged-2", "mynet"), "192.168.0.3/16 via 192.168.0.1", "a freed one waits");
  });

  await t.test("every field of nv-ipam's own configuration", async (t) => {
    const { socket, confDir, dir } = hostA.daemon;
    const logFile = join(dir, "own.log");
    const own = {
      ...{ type: "nv-ipam", poolName: "my-pool", daemonSocket: `unix://${socket}` },
      ...{ daemonCallTimeoutSeconds: 5, confDir, logFile, logLevel: "info" },
    };
    t.equal(addressOf(await callPlugin({ container: "own", conf: { ipam: own } })), "192.168.0.4/16");
    const log = readFileSync(logFile, "utf8");
    t.match(log, /^\S+Z \[info\] CMD ADD Call: ContainerID: own Netns: \S+ IfName: net1$/m);
    t.notMatch(log, "[debug]");
    for (const logLevel of ["verbose", "debug", "info", "warning", "error", "panic"]) {
      const conf = { ipam: { ...own, logLevel } };
      t.match(await callPlugin({ container: "own", command: "CHECK", conf }), { status: 0, stderr: "" });
    }
  });

  await t.test("the plugin's log, and its level raised in the node's file", async (t) => {
    t.match(logOf(hostA), /\[info\] CMD ADD Call: ContainerID: [0-9a-f]{64} Netns: \S+ IfName: net1$/m);
    t.notMatch(logOf(hostA), "[debug]");
    const file = join(hostA.daemon.confDir, "nv-ipam.conf");
    const written = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...written, logLevel: "debug" }));
    await run1(hostA, "debugged", "macvlan-net");
    t.match(logOf(hostA), /\[debug\] /);
  });

  await t.test("a block that holds the gateway gives one address less", async (t) => {
    const fill = async ({ daemon }: SeedNode, poolName: string) => {
      const conf = { ipam: { type: "nv-ipam", poolName, confDir: daemon.confDir } };
      const outcomes = await inParallel(25, 4, (i) => callPlugin({ container: `f${i}`, conf }));
      return {
        given: outcomes.filter(({ status }) => status === 0).length,
        refusal: errorOf(outcomes.find(({ status }) => status !== 0)!),
      };
    };
    const held = (await listReservations(hostA.daemon)).filter(({ pool }) => pool === "pool1");
    t.same(
      held.map(({ podName }) => podName),
      ["bridged-2"],
    );
    const full = {
      code: 108,
      msg: 'grpc call failed: rpc error: code = ResourceExhausted desc = no free addresses in the pool "pool1", poolType "ippool"',
    };
    t.match(await fill(hostA, "pool1"), { given: 22, refusal: full }, "23 with that of the pod");
    t.match(await fill(master, "pool1"), { given: 24, refusal: full });
  });
});
