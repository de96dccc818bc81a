// SPDX-License-Identifier: Apache-2.0
// The walk-through of static IPs on three nodes: the controller gives the blocks, pods get their addresses through Multus'
// conventions and macvlan. Two pods came before on the first node and three on the second, as in the notes.
import { test } from "tap";
import { blocksOf, poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { errorOf } from "../support/cni.ts";
import { skipUnless } from "../support/layers.ts";
import { ipIn } from "../support/namespaces.ts";
import { listReservations } from "../support/reservations.ts";
import {
  attach,
  callNetworks,
  describeResult,
  type Networks,
  type SeedPod,
  startPod,
} from "./seed-multus.ts";
import { ping, type SeedNode, startNodes } from "./seed-nodes.ts";
import { seedSpec } from "./seed-spec.ts";

const namespace = "nvidia-network-operator";
const pool1 = { kind: "IPPool", namespace, name: "pool1" } as const;
const macvlan = {
  cniVersion: "0.3.1",
  type: "macvlan",
  master: "eth0",
  mode: "bridge",
  mtu: 1500,
  ipam: { type: "nv-ipam", poolName: "pool1" },
};
const networks: Networks = {
  "example-macvlannetwork": { ...macvlan, capabilities: { ips: true } },
  "no-capability": macvlan,
  "other-pool": { ...macvlan, ipam: { type: "nv-ipam", poolName: "pool9" } },
};

const skip = skipUnless("root", "ip", "ping", "cni111", "apiserver");

test("static IPs with macvlan on three nodes", { skip, timeout: 240_000 }, async (t) => {
  const api = await startApiServer(t);
  const { admin } = api;
  await admin.post("/api/v1/namespaces", { metadata: { name: namespace } });
  const names = ["kind-control-plane", "kind-worker", "kind-worker2"];
  for (const name of names) await createNode(admin, name, { "node-role.kubernetes.io/worker": "" });
  await createPool(admin, { ...pool1, spec: seedSpec });
  await startController(t, { kubeconfig: await createControllerUser(api), namespace });
  const { status } = await poolWhen(api, pool1, ({ allocations }) => allocations.length === 3);
  const nodes = await startNodes(t, api, { names, namespace, uplink: "eth0" });
  const [first, second, third] = nodes as [SeedNode, SeedNode, SeedNode];

  const pods: SeedPod[] = [];
  const sandboxFor = async (name: string, node: SeedNode, asked: string | object[]): Promise<SeedPod> => {
    const annotation = typeof asked === "string" ? asked : JSON.stringify(asked);
    const pod = await startPod(t, api, { name, node, networks: annotation });
    pods.push(pod);
    return pod;
  };
  const run = async (name: string, node: SeedNode, asked: string | object[] = "example-macvlannetwork") =>
    describeResult(await attach(api, await sandboxFor(name, node, asked), networks));
  const fails = async (name: string, node: SeedNode, asked: object[]) => {
    const pod = await sandboxFor(name, node, asked);
    const [outcome] = await callNetworks(pod, networks);
    const { code, msg } = errorOf(outcome!);
    t.notMatch(ipIn(pod.netns, "-4", "-br", "address"), "net1", `${name} has no address`);
    return { code, msg };
  };

  await t.test("each node has its block", async (t) => {
    t.same(blocksOf(status), [
      "kind-control-plane 192.168.0.1-192.168.0.100",
      "kind-worker 192.168.0.101-192.168.0.200",
      "kind-worker2 192.168.0.201-192.168.1.44",
    ]);
  });

  await t.test("dynamic addresses come from the node's block, past the exclusion", async (t) => {
    t.equal(await run("before-a", first), "192.168.0.11/16 via 192.168.0.1");
    t.equal(await run("before-b", first), "192.168.0.12/16 via 192.168.0.1");
    t.equal(await run("dynamic-ip-pod1", first), "192.168.0.13/16 via 192.168.0.1");
    for (const [i, name] of ["before-c", "before-d", "before-e"].entries())
      t.equal(await run(name, second), `192.168.0.${101 + i}/16 via 192.168.0.1`);
    t.equal(await run("dynamic-ip-pod2", second), "192.168.0.104/16 via 192.168.0.1");
    const { netns } = pods.find(({ name }) => name === "dynamic-ip-pod1")!;
    t.match(ipIn(netns, "-br", "address", "show", "net1"), /^net1@\S+ +UP +192\.168\.0\.13\/16 /);
    t.match(ipIn(netns, "link", "show", "net1"), / mtu 1500 /);
  });

  await t.test("a static address: of another node's block, and an excluded one", async (t) => {
    const asked = [{ name: "example-macvlannetwork", ips: ["192.168.0.5"] }];
    t.equal(await run("static-ip-pod1", third, asked), "192.168.0.5/16 via 192.168.0.1");
    const pod = pods.at(-1)!;
    t.match(await listReservations(third.daemon), [
      {
        ...{ pool: "pool1", poolType: "ippool", address: "192.168.0.5", interface: "net1" },
        ...{ podNamespace: "default", podName: "static-ip-pod1", podUid: pod.uid },
        ...{ containerId: pod.sandbox, network: "example-macvlannetwork" },
      },
    ]);
    t.equal(
      await run("after-static", third),
      "192.168.0.201/16 via 192.168.0.1",
      "the next one is the first",
    );
    t.equal((await ping(pod.netns, "192.168.0.13")).status, 0, "pods of two nodes reach each other");
  });

  await t.test("a static address that no pool has", async (t) => {
    const asked = [{ name: "example-macvlannetwork", ips: ["10.10.10.10"] }];
    const before = await listReservations(second.daemon);
    t.same(await fails("static-ip-pod2-wrong-ip", second, asked), {
      code: 103,
      msg: "grpc call failed: rpc error: code = InvalidArgument desc = not all requested static IPs can be allocated from the ranges available on the node, ip 10.10.10.10 has no matching Pool",
    });
    t.same(await listReservations(second.daemon), before);
  });

  await t.test("a static address that a pod of the node has", async (t) => {
    const asked = [{ name: "example-macvlannetwork", ips: ["192.168.0.5"] }];
    t.same(await fails("static-ip-pod3", third, asked), {
      code: 108,
      msg: 'grpc call failed: rpc error: code = ResourceExhausted desc = requested IP is already reserved in the pool "pool1", poolType "ippool"',
    });
  });

  await t.test("how a pod may ask: capability, cni-args, both", async (t) => {
    const via = " via 192.168.0.1";
    const ask = (name: string, more: object) => [{ name, ...more }];
    const full = "example-macvlannetwork";
    t.equal(await run("length", third, ask(full, { ips: ["192.168.0.6/24"] })), `192.168.0.6/16${via}`);
    const args = { "cni-args": { ips: ["192.168.0.7"] } };
    t.equal(await run("args", third, ask("no-capability", args)), `192.168.0.7/16${via}`);
    const both = { ips: ["192.168.0.8"], "cni-args": { ips: ["192.168.0.9"] } };
    t.equal(await run("both", third, ask(full, both)), `192.168.0.8/16${via}`, "runtimeConfig comes first");
    const lost = ask("no-capability", { ips: ["192.168.0.9"] });
    t.equal(await run("lost", third, lost), `192.168.0.202/16${via}`, "Multus hands it to nobody");
    const indexed = { "cni-args": { allocateIPWithIndex: 9 } };
    t.equal(await run("index", third, ask(full, indexed)), `192.168.0.210/16${via}`, ".201 and 9 more");
    const gateway = { "cni-args": { allocateDefaultGateway: true } };
    t.equal(await run("gateway", third, ask(full, gateway)), "192.168.0.1/16", "it is the gateway itself");
    const named = { "cni-args": { poolNames: ["pool1"], poolType: "IPPool" } };
    t.equal(await run("named", third, ask("other-pool", named)), `192.168.0.203/16${via}`);
  });

  await t.test(
    "a pod that contradicts itself: refused, and its end too, as the Go plugin does it",
    async (t) => {
      const asked = {
        name: "example-macvlannetwork",
        ips: ["192.168.0.9"],
        "cni-args": { allocateDefaultGateway: true },
      };
      const why =
        "failed to load config. allocateDefaultGateway can't be used together with static IP request";
      t.same(await fails("two-ways", third, [asked]), {
        code: 999,
        msg: `command preparation failed: ${why}`,
      });
      const [end] = await callNetworks(pods.pop()!, networks, "DEL");
      t.match(errorOf(end!), { code: 999, msg: why });
    },
  );

  await t.test("pods that end, each twice as runtimes do", async (t) => {
    for (const pod of [...pods, ...pods]) {
      const [outcome] = await callNetworks(pod, networks, "DEL");
      t.same([outcome!.status, outcome!.stdout], [0, ""], pod.name);
    }
    for (const { daemon, name } of nodes) t.same(await listReservations(daemon), [], name);
  });
});
