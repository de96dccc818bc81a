// SPDX-License-Identifier: Apache-2.0
// kubectl nvipam pools, node, who and map on a real API, with one real daemon behind a stand-in for "kubectl exec".
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { addressOf } from "../support/cni.ts";
import { callForPod, nodeRules, setAllocations, startKubeDaemon } from "../support/kube-daemon.ts";
import { createDaemonPod, createNotedPod, jsonOf, makePlugin } from "../support/kubectl-plugin.ts";
import { skipUnless } from "../support/layers.ts";

const namespace = "kube-system";
const pool1 = { kind: "IPPool", namespace, name: "pool1" } as const;
const six = { kind: "CIDRPool", namespace, name: "six" } as const;

test("kubectl nvipam looks at a cluster", { skip: skipUnless("apiserver"), timeout: 120_000 }, async (t) => {
  const api = await startApiServer(t);
  const { admin } = api;
  for (const node of ["worker", "other"]) await createNode(admin, node);
  const spec = {
    subnet: "192.168.0.0/24",
    perNodeBlockSize: 20,
    gateway: "192.168.0.1",
    exclusions: [{ startIP: "192.168.0.2", endIP: "192.168.0.3" }],
  };
  await createPool(admin, { ...pool1, spec });
  await setAllocations(admin, pool1, [
    { nodeName: "other", startIP: "192.168.0.21", endIP: "192.168.0.40" },
    { nodeName: "worker", startIP: "192.168.0.1", endIP: "192.168.0.20" },
  ]);
  await createPool(admin, { ...six, spec: { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 } });
  await setAllocations(admin, six, [{ nodeName: "worker", prefix: "fd00::/64", gateway: "fd00::1" }]);
  const kubeconfig = await api.createUser("ipam-node", nodeRules);
  const daemon = await startKubeDaemon(t, { kubeconfig, namespace });
  await createDaemonPod(admin, { node: "worker", daemon });
  const reserve = async (pod: string): Promise<string> => {
    const address = addressOf(await callForPod(daemon, { namespace: "default", pod, poolName: "pool1" }));
    return address.split("/")[0]!;
  };
  const [web, db] = [await reserve("web"), await reserve("db")];
  // "db" has its address, but has not started: it shows none yet.
  await createNotedPod(admin, { name: "web", node: "worker", addresses: [web] });
  await createNotedPod(admin, { name: "far", node: "other", addresses: ["192.168.0.21"] });
  await createNotedPod(admin, { name: "strange", node: "other", addresses: ["192.168.0.22"] });
  await admin.patch("/api/v1/namespaces/default/pods/strange/status", { status: { phase: "Succeeded" } });
  const plugin = makePlugin(t, api);

  await t.test("pools: every pool on every node, as bars", async (t) => {
    const { status, stdout, stderr } = await plugin("pools");
    t.equal(status, 0, stderr);
    t.same(stdout.replace(/ +$/gm, "").split("\n"), [
      "POOL    TYPE       NODE        BLOCK                       USED   SIZE                   FILL",
      "six     cidrpool   (1 node)    fd00::/48                   0      18446744073709551614   [....................]   0 %",
      "six     cidrpool   worker      fd00::/64                   0      18446744073709551614   [....................]   0 %",
      "pool1   ippool     (2 nodes)   192.168.0.0/24              2      37                     [#...................]   5 %",
      "pool1   ippool     other       192.168.0.21-192.168.0.40   1      20                     [#...................]   5 %",
      "pool1   ippool     worker      192.168.0.1-192.168.0.20    1      17                     [#...................]   5 %",
      "",
    ]);
    const wide = await plugin("pools", "pool1", "--node=worker", "-o", "wide");
    t.match(wide.stdout, /^POOL .* GATEWAY +READY +FREE BLOCKS +FILL\n.*\n.*worker .* 192\.168\.0\.1 /);
  });

  await t.test("pools --exact: what the daemons say, and who could not be asked", async (t) => {
    const outcome = await plugin("pools", "pool1", "--exact", "-o", "json");
    t.match(jsonOf(outcome), [
      {
        pool: "pool1",
        poolType: "ippool",
        network: "192.168.0.0/24",
        size: 37,
        used: 3,
        nodes: [
          { node: "other", used: 1, exact: false },
          { node: "worker", used: 2, exact: true, size: 17, gateway: "192.168.0.1" },
        ],
      },
    ]);
    t.equal(outcome.stderr, "");
    const mute = makePlugin(t, api, "#!/bin/sh\necho 'Error from server: not today' >&2\nexit 1\n");
    t.match(
      (await mute("pools", "--exact")).stderr,
      /^Node worker could not be asked.*: Error from server: not today\n$/,
    );
    const none = makePlugin(t, api, "");
    t.match(
      (await none("pools", "--exact")).stderr,
      /^Node worker could not be asked.*kubectl cannot be run: spawn \S+ E[A-Z]+\n$/,
    );
  });

  await t.test("node: its blocks and who has which address", async (t) => {
    const { stdout } = await plugin("node", "worker");
    t.match(stdout, /^pool1 +ippool +192\.168\.0\.1-192\.168\.0\.20 +192\.168\.0\.1 +1 +17 +\[#\.+\] +5 %$/m);
    t.match(stdout, /^192\.168\.0\.4 +pool1 +default\/web +net1 +default\/net$/m);
    t.match(jsonOf(await plugin("node", "other", "-o=json")), [
      { pool: "pool1", used: 1, addresses: [{ address: "192.168.0.21", podName: "far" }] },
    ]);
    const none = await plugin("node", "nowhere");
    t.same([none.status, none.stderr], [1, 'no node "nowhere" in the cluster: kubectl get nodes\n']);
  });

  await t.test("who: the pod, the node, the pool, confirmed by that node's daemon", async (t) => {
    const { status, stdout } = await plugin("who", web);
    t.equal(status, 0);
    t.match(stdout, /^PLACE +in the block 192\.168\.0\.1-192\.168\.0\.20 of node worker$/m);
    t.match(stdout, /^POD +default\/web\nNODE +worker\nINTERFACE +net1 \(default\/net\)\nCONTAINER +web$/m);
    t.match(stdout, /^CONFIRMED +yes, by the daemon's reservation$/m);

    t.match(jsonOf(await plugin("who", db, "-o", "json")), [
      { confirmed: true, holders: [{ podName: "db", node: "worker", sources: ["reservation"] }] },
    ]);
    t.match(jsonOf(await plugin("who", "192.168.0.21", "-o", "json")), [
      {
        node: "other",
        kind: "block",
        holders: [{ podName: "far", sources: ["network-status"] }],
        confirmed: false,
        remark: "not confirmed: node other has no daemon",
      },
    ]);
    const free = await plugin("who", "192.168.0.10");
    t.equal(free.status, 1, "nobody");
    t.match(free.stdout, /POD +nobody is known.*\nCONFIRMED +yes, the daemon has no reservation/);
    const kinds = { "192.168.0.1": "gateway", "192.168.0.2": "excluded", "192.168.0.200": "outside" };
    for (const [ip, kind] of Object.entries(kinds)) {
      t.match(jsonOf(await plugin("who", ip, "-o", "json", "--no-confirm")), [{ kind, confirmed: false }]);
    }
    const foreign = await plugin("who", "10.9.9.9");
    t.same([foreign.status, foreign.stdout], [1, ""]);
    t.match(foreign.stderr, /lies in no pool's network/);
    t.match((await plugin("who", "10.9")).stderr, /Expected an IP address/);
  });

  await t.test("who: a pod that shows an address which the daemon knows nothing of", async (t) => {
    await createNotedPod(admin, { name: "liar", node: "worker", addresses: ["192.168.0.15"] });
    const { stdout } = await plugin("who", "192.168.0.15");
    t.match(stdout, /POD +default\/liar[\s\S]*CONFIRMED +no: node worker has no reservation for it/);
    await createNotedPod(admin, { name: "thief", node: "worker", addresses: [db] });
    t.match((await plugin("who", db)).stdout, /CONFIRMED +no: node worker has reserved it for default\/db/);
  });

  await t.test("map: in the terminal and as SVG", async (t) => {
    const { stdout } = await plugin("map", "pool1", "--exact");
    t.match(stdout, /^pool1 \(ippool\), 192\.168\.0\.0\/24\n2 nodes, 2 of 37 addresses used/);
    t.match(stdout, /^ +worker +other\n192\.168\.0\.1 +Gxx##\.{15} \.{20} -{20}$/m);
    const file = join(daemon.dir, "map.svg");
    t.match((await plugin("map", "pool1", "--svg", file)).stderr, /^Written to /);
    t.match(readFileSync(file, "utf8"), /^<svg xmlns[\s\S]*<\/svg>\n$/);
    t.match(
      (await plugin("map", "pool9")).stderr,
      /^no pool "pool9" in namespace kube-system: there are six, pool1 /,
    );
    t.match((await plugin("map", "pool1", "--type=cidrpool")).stderr, /^no cidrpool "pool1"/);
  });
});
