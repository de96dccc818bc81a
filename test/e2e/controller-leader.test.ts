// SPDX-License-Identifier: Apache-2.0
// Several controllers: one works, another takes over.
import { test } from "tap";
import { poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

const LEASE_MS = 15_000;
type Lease = { spec: { holderIdentity: string; leaseDurationSeconds: number } };

test("leader election", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { audit: true });
  const { admin } = server;
  await createNode(admin, "a");
  const users = {
    first: await createControllerUser(server, "first"),
    second: await createControllerUser(server, "second"),
    third: await createControllerUser(server, "third"),
  };
  const pool = (namespace: string, name: string) => ({ kind: "IPPool", namespace, name }) as const;
  const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 };
  const makePool = async (namespace: string, name: string): Promise<void> => {
    await createPool(admin, { ...pool(namespace, name), spec });
    await poolWhen(server, pool(namespace, name), ({ allocations }) => allocations.length === 1);
  };
  const writers = (name: string): string[] => [
    ...new Set(
      server
        .requests()
        .filter((asked) => asked.subresource === "status" && asked.name === name)
        .map(({ user }) => user),
    ),
  ];
  const start = (namespace: string, user: keyof typeof users) =>
    startController(t, {
      kubeconfig: users[user],
      namespace,
      flags: ["--leader-elect", `--leader-elect-namespace=${namespace}`],
    });
  const leaseOf = (namespace: string) =>
    admin.get<Lease>(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/dd1643cf.nvidia.com`);

  await t.test(
    "one works, a standby is ready; SIGKILL hands over within the lease, SIGTERM at once",
    async (t) => {
      const namespace = await createNamespace(admin);
      const first = await start(namespace, "first");
      await first.logged("leading");
      const second = await start(namespace, "second");
      t.equal(await second.probe("/readyz"), "200 ok");
      await makePool(namespace, "p");
      t.same(writers("p"), ["first"]);
      t.equal(await first.figure("nv_ipam_controller_leader"), 1);
      t.equal(await second.figure("nv_ipam_controller_leader"), 0);
      t.match((await leaseOf(namespace)).spec, {
        holderIdentity: /^[^_]+_[0-9a-f-]{36}$/,
        leaseDurationSeconds: 15,
      });

      const killedMs = performance.now();
      await first.end("SIGKILL");
      await createPool(admin, { ...pool(namespace, "q"), spec });
      await second.logged("leading");
      const tookMs = performance.now() - killedMs;
      t.ok(tookMs < LEASE_MS + 5000, `took over after ${Math.round(tookMs)} ms`);
      await poolWhen(server, pool(namespace, "q"), ({ allocations }) => allocations.length === 1);
      t.same([writers("p"), writers("q")], [["first"], ["second"]]);

      const third = await start(namespace, "third");
      await third.logged("another one leads");
      const endedMs = performance.now();
      t.equal(await second.end("SIGTERM"), 0);
      t.ok(performance.now() - endedMs < 5000);
      await third.logged("leading");
      t.ok(performance.now() - endedMs < 8000, "without waiting for the lease to run out");
      await makePool(namespace, "r");
      t.same(writers("r"), ["third"]);
      t.equal(await third.end("SIGTERM"), 0);
      t.equal((await leaseOf(namespace)).spec.holderIdentity, "", "released");
    },
  );

  await t.test("a leader that lost its lease writes no more and ends with status 1", async (t) => {
    const namespace = await createNamespace(admin);
    const first = await start(namespace, "first");
    await first.logged("leading");
    await makePool(namespace, "p");
    const stolen = {
      spec: { holderIdentity: "somebody else", renewTime: new Date().toISOString().replace("Z", "000Z") },
    };
    await admin.patch(
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/dd1643cf.nvidia.com`,
      stolen,
    );
    t.equal(await first.exited, 1);
    t.match(
      first.lines.find(({ level }) => level === "error"),
      {
        msg: "a new process is needed",
        err: /lease is lost.*somebody else/,
      },
    );
    t.equal((await leaseOf(namespace)).spec.holderIdentity, "somebody else");
  });

  await t.test("without --leader-elect there is no lease", async (t) => {
    const namespace = await createNamespace(admin);
    const alone = await startController(t, { kubeconfig: users.first, namespace });
    await makePool(namespace, "p");
    t.equal(
      (
        await admin.request(
          "GET",
          `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/dd1643cf.nvidia.com`,
        )
      ).status,
      404,
    );
    t.equal(await alone.figure("nv_ipam_controller_leader"), 1);
    t.equal(await alone.end("SIGINT"), 0);
  });
});
