// SPDX-License-Identifier: Apache-2.0
// The API goes and comes back: the controller goes on by itself, and no block has moved.
import { test } from "tap";
import { blocksOf, poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

const namespace = "kube-system";
const p = { kind: "IPPool", namespace, name: "p" } as const;

test("an API that goes and comes back", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t);
  const { admin } = server;
  const proxy = await server.startProxy();
  const kubeconfig = proxy.kubeconfig(await createControllerUser(server));
  const controller = await startController(t, { kubeconfig, namespace });
  for (const node of ["b", "c", "d"]) await createNode(admin, node);
  await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
  const before = await poolWhen(server, p, ({ allocations }) => allocations.length === 3);
  const blocks = blocksOf(before.status);

  await t.test("killed, compacted, started again", async (t) => {
    await server.kill();
    await server.compact();
    await server.start();
    await createNode(admin, "a");
    const after = await poolWhen(server, p, ({ allocations }) => allocations.length === 4);
    t.same(blocksOf(after.status).slice(1), blocks);
  });

  await t.test("a partition in which a node goes and another comes", async (t) => {
    await proxy.refuse();
    await admin.delete("/api/v1/nodes/a");
    await createNode(admin, "e");
    t.equal(await controller.probe("/readyz"), "200 ok");
    await proxy.restore();
    const after = await poolWhen(server, p, ({ allocations }) => allocations.at(-1)?.nodeName === "e");
    t.same(blocksOf(after.status).slice(0, 3), blocks);
    t.equal(blocksOf(after.status)[3], "e 10.0.0.31-10.0.0.40");
  });

  await t.test("connections that are cut", async (t) => {
    proxy.cut();
    await createNode(admin, "f");
    await poolWhen(server, p, ({ allocations }) => allocations.length === 5);
    t.pass();
  });

  await t.test("SIGTERM while nothing answers ends it within 5 s", async (t) => {
    proxy.hang();
    await createNode(admin, "g");
    const began = performance.now();
    t.equal(await controller.end("SIGTERM"), 0);
    t.ok(performance.now() - began < 5000, `${Math.round(performance.now() - began)} ms`);
  });
});
