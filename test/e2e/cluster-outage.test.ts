// SPDX-License-Identifier: Apache-2.0
// Controller and daemon together while the API goes, forgets what was, and comes back.
import { test } from "tap";
import { blocksOf, poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool, deletePod } from "../support/api-server-objects.ts";
import { addressOf } from "../support/cni.ts";
import { type Daemon, makeSite } from "../support/daemon.ts";
import { callForPod, nodeRules, runPod, startKubeDaemon, until } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { listReservations } from "../support/reservations.ts";

const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" };

async function held(daemon: Daemon): Promise<string> {
  return (await listReservations(daemon))
    .map(({ podName, address }) => `${podName} ${address}`)
    .sort()
    .join(", ");
}

test("an outage of the API, for controller and daemon", { skip: skipUnless("apiserver") }, async (t) => {
  const api = await startApiServer(t);
  const proxy = await api.startProxy();
  const namespace = await createNamespace(api.admin);
  const pool = { kind: "IPPool", namespace, name: "p" } as const;
  for (const name of ["master", "worker"]) await createNode(api.admin, name);
  await createPool(api.admin, { ...pool, spec });
  // Without a lease, which a long outage costs whoever has it, and with it the process.
  const kubeconfigOfController = proxy.kubeconfig(await createControllerUser(api));
  const controller = await startController(t, { kubeconfig: kubeconfigOfController, namespace });
  const before = blocksOf((await poolWhen(api, pool, ({ allocations }) => allocations.length === 2)).status);
  const kubeconfig = proxy.kubeconfig(await api.createUser("ipam-node", nodeRules));
  const { dir } = makeSite(t);
  const start = () => startKubeDaemon(t, { kubeconfig, namespace, dir, flags: ["--cleaner-interval=1"] });
  let daemon = await start();
  const uids = new Map<string, string>();
  for (const pod of ["lost", "alive", "later", "last"]) uids.set(pod, await runPod(api, namespace, pod));
  const add = async (pod: string) =>
    addressOf(await callForPod(daemon, { namespace, pod, uid: uids.get(pod)!, poolName: "p" }));
  t.equal(await add("lost"), "10.0.0.11/24");
  t.equal(await add("alive"), "10.0.0.12/24");

  await t.test("killed: addresses are given on, also after a restart of the daemon", async (t) => {
    await api.kill();
    t.equal(await add("later"), "10.0.0.13/24");
    await daemon.end("SIGKILL");
    daemon = await start();
    t.equal(await add("last"), "10.0.0.14/24");
    await daemon.logged("address given from the last good share");
    await daemon.logged("waiting for pods");
    t.equal(
      await held(daemon),
      "alive 10.0.0.12, last 10.0.0.14, later 10.0.0.13, lost 10.0.0.11",
      "nothing is released",
    );
  });

  await t.test(
    "back, with the past compacted: a stale reservation goes, everything else stays",
    async (t) => {
      await api.compact();
      await api.start();
      await deletePod(api.admin, { namespace, name: "lost" });
      const left = "alive 10.0.0.12, last 10.0.0.14, later 10.0.0.13";
      t.equal(
        await until(
          () => held(daemon),
          (now) => now.split(", ").length < 4,
        ),
        left,
      );
      await createNode(api.admin, "another");
      const { status } = await poolWhen(api, pool, ({ allocations }) => allocations.length === 3);
      t.same(blocksOf(status), ["another 10.0.0.21-10.0.0.30", ...before], "no block has moved");
      await daemon.logged("pods are up to date again");
    },
  );

  await t.test("a watch that is cut, and one whose past is gone meanwhile", async (t) => {
    proxy.cut();
    await proxy.refuse();
    await createNode(api.admin, "absent");
    await api.admin.delete("/api/v1/nodes/absent");
    await deletePod(api.admin, { namespace, name: "alive" });
    await api.compact();
    await api.kill();
    await api.start();
    await proxy.restore();
    t.equal(
      await until(
        () => held(daemon),
        (now) => now.split(", ").length < 3,
      ),
      "last 10.0.0.14, later 10.0.0.13",
    );
    await createNode(api.admin, "zebra");
    const { status } = await poolWhen(api, pool, ({ allocations }) => allocations.length === 4);
    t.same(blocksOf(status).slice(1, 3), before);
    t.equal(blocksOf(status)[3], "zebra 10.0.0.31-10.0.0.40");
    t.equal(controller.process.exitCode, null, "one process all the time");
    t.equal(daemon.process.exitCode, null);
  });
});
