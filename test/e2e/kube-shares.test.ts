// SPDX-License-Identifier: Apache-2.0
// The daemon's executable on a real API server: shares from status, edits, an API that goes away and comes back.
import { test } from "tap";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createPool, poolPath } from "../support/api-server-objects.ts";
import { addressOf, callPlugin, errorOf } from "../support/cni.ts";
import type { Daemon } from "../support/daemon.ts";
import {
  callForPod,
  type KubeDaemonOptions,
  nodeRules,
  type PoolPlace,
  setAllocations,
  setSpec,
  startKubeDaemon,
  until,
} from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";

const seed = {
  subnet: "192.168.0.0/16",
  perNodeBlockSize: 100,
  gateway: "192.168.0.1",
  nodeSelector: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: "node-role.kubernetes.io/worker", operator: "Exists" }] },
    ],
  },
};
const blocks = [
  { nodeName: "control-plane", startIP: "192.168.0.1", endIP: "192.168.0.100" },
  { nodeName: "worker", startIP: "192.168.0.101", endIP: "192.168.0.200" },
];

/** What `ipam-node pools` says of a pool. */
async function poolState(daemon: Daemon, name: string) {
  const { stdout } = await daemon.debug("pools", "-o", "json");
  return (JSON.parse(stdout) as { pool: string; share: unknown; staleReason?: string }[]).find(
    ({ pool }) => pool === name,
  );
}

test("a daemon on Kubernetes", { skip: skipUnless("apiserver"), timeout: 280_000 }, async (t) => {
  const api = await startApiServer(t);
  const kubeconfig = await api.createUser("ipam-node", nodeRules);
  const add = (daemon: Daemon, pod: string, poolName: string, command = "ADD") =>
    callForPod(daemon, { namespace: "default", pod, poolName, command });
  const makePool = async (name: string, spec: unknown = seed, allocations: unknown = blocks) => {
    const namespace = await createNamespace(api.admin);
    const pool: PoolPlace = { kind: "IPPool", namespace, name };
    await createPool(api.admin, { ...pool, spec });
    await setAllocations(api.admin, pool, allocations);
    const start = (more: Partial<KubeDaemonOptions> = {}) =>
      startKubeDaemon(t, { kubeconfig, namespace, ...more });
    return { pool, start };
  };

  await t.test("the seed's pool gives the worker 192.168.0.101", async (t) => {
    const { start, pool } = await makePool("pool1");
    const daemon = await start();
    t.equal(addressOf(await add(daemon, "one", "pool1")), "192.168.0.101/16");
    t.equal((await add(daemon, "one", "pool1", "CHECK")).status, 0);
    t.equal((await add(daemon, "one", "pool1", "DEL")).status, 0);
    t.match(errorOf(await add(daemon, "two", "none")).msg, /NotFound desc = configuration for pool "none"/);
    const conf = { ipam: daemon.ipam({ poolName: "pool1" }) };
    const nobody = await callPlugin({ container: "two", args: "IgnoreUnknown=1", conf });
    t.match(errorOf(nobody).msg, /metadata\.k8s_pod_name is required field/);

    await setAllocations(api.admin, pool, [blocks[0]]);
    await daemon.logged("no addresses for this node");
    t.match(errorOf(await add(daemon, "three", "pool1")).msg, /NotFound/, "the entry has gone");
    await setAllocations(api.admin, pool, blocks);
    await until(
      () => poolState(daemon, "pool1"),
      (state) => (state?.share ?? null) !== null,
    );
    t.equal(
      addressOf(await add(daemon, "three", "pool1")),
      "192.168.0.101/16",
      "a forgotten pool begins anew",
    );
    await api.admin.delete(poolPath("IPPool", pool.namespace, "pool1"));
    await until(
      () => poolState(daemon, "pool1"),
      (state) => state?.share === null,
    );
    t.equal(
      (await add(daemon, "three", "pool1", "CHECK")).status,
      0,
      "the pool is gone, the reservation is not",
    );
    t.equal((await add(daemon, "three", "pool1", "DEL")).status, 0);
    t.equal(await daemon.end("SIGTERM"), 0);
  });

  await t.test("an invalid edit leaves the share as it is, also across a restart", async (t) => {
    const { pool, start } = await makePool("pool1");
    let daemon = await start();
    t.equal(addressOf(await add(daemon, "one", "pool1")), "192.168.0.101/16");
    await setSpec(api.admin, pool, { ...seed, perNodeBlockSize: 70000 });
    await daemon.logged("the pool's last good share stays");
    t.equal(addressOf(await add(daemon, "two", "pool1")), "192.168.0.102/16");
    await daemon.logged("address given from the last good share");
    t.match(await poolState(daemon, "pool1"), { staleReason: /spec\.perNodeBlockSize/ });
    await daemon.end("SIGTERM");
    daemon = await start({ dir: daemon.dir });
    await daemon.logged("the pool's last good share stays");
    t.equal(addressOf(await add(daemon, "three", "pool1")), "192.168.0.103/16");
    await setSpec(api.admin, pool, seed);
    await daemon.logged("pool served");
    t.equal(addressOf(await add(daemon, "four", "pool1")), "192.168.0.104/16");
    t.notOk((await poolState(daemon, "pool1"))?.staleReason);
  });

  await t.test("between an edit of subnet and its status the old share stays", async (t) => {
    const { pool, start } = await makePool("pool1");
    const daemon = await start();
    await add(daemon, "one", "pool1");
    await setSpec(api.admin, pool, { ...seed, subnet: "10.9.0.0/16", gateway: "10.9.0.1" });
    await daemon.logged("does not fit the spec");
    t.equal(addressOf(await add(daemon, "two", "pool1")), "192.168.0.102/16");
    await setAllocations(api.admin, pool, [
      { nodeName: "worker", startIP: "10.9.0.101", endIP: "10.9.0.200" },
    ]);
    await daemon.logged('"range":"10.9.0.101-10.9.0.200"');
    t.equal(addressOf(await add(daemon, "three", "pool1")), "10.9.0.101/16");
  });

  await t.test("a status edited into nonsense leaves the share as it is", async (t) => {
    const { pool, start } = await makePool("pool1");
    const daemon = await start();
    for (const [i, entry] of [
      { nodeName: "worker", startIP: "192.168.0.150", endIP: "192.168.0.249" },
      { nodeName: "worker", startIP: "", endIP: "x" },
      { nodeName: "worker", startIP: "10.0.0.1", endIP: "10.0.0.100" },
    ].entries()) {
      const said = daemon.lines.length;
      await setAllocations(api.admin, pool, [entry]);
      await until(
        async () => daemon.lines.slice(said).join("\n"),
        (text) => text.includes("last good share stays"),
      );
      t.equal(addressOf(await add(daemon, `pod-${i}`, "pool1")), `192.168.0.${101 + i}/16`);
    }
  });

  await t.test("both kinds", async (t) => {
    const { pool, start } = await makePool("both");
    const six: PoolPlace = { ...pool, kind: "CIDRPool" };
    const daemon = await start();
    await createPool(api.admin, {
      ...six,
      spec: { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 },
    });
    await setAllocations(api.admin, six, [
      { nodeName: "worker", prefix: "fd00:0:0:1::/64", gateway: "fd00:0:0:1::1" },
    ]);
    await daemon.logged('"pool":"cidrpool/both","range":"fd00:0:0:1::1');
    const call = { namespace: "default", pod: "six", poolName: "both", poolType: "cidrpool" } as const;
    t.equal(addressOf(await callForPod(daemon, call)), "fd00:0:0:1::2/64");
    t.equal(addressOf(await add(daemon, "four", "both")), "192.168.0.101/16");
  });

  await t.test(
    "the API away: everything goes on, also after a restart, and picks up when it is back",
    async (t) => {
      const { pool, start } = await makePool("pool1");
      let daemon = await start();
      t.equal(addressOf(await add(daemon, "one", "pool1")), "192.168.0.101/16");
      await api.kill();
      t.equal(addressOf(await add(daemon, "two", "pool1")), "192.168.0.102/16");
      await daemon.end("SIGKILL");
      daemon = await start({ dir: daemon.dir });
      t.equal(addressOf(await add(daemon, "three", "pool1")), "192.168.0.103/16");
      await daemon.logged("address given from the last good share");
      t.equal((await add(daemon, "two", "pool1", "CHECK")).status, 0);
      t.equal((await add(daemon, "two", "pool1", "DEL")).status, 0);
      t.match(
        errorOf(await add(daemon, "four", "other")).msg,
        /Unavailable desc = configuration for pool "other".*have not been read since the start/,
      );
      await api.start();
      await daemon.logged("pool served");
      t.match(errorOf(await add(daemon, "four", "other")).msg, /NotFound/);
      await setAllocations(api.admin, pool, [{ ...blocks[0], nodeName: "worker" }]);
      await daemon.logged('"range":"192.168.0.1-192.168.0.100"');
      t.equal(addressOf(await add(daemon, "five", "pool1")), "192.168.0.2/16");
    },
  );
});
