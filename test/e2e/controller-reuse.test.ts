// SPDX-License-Identifier: Apache-2.0
// --block-reuse-delay: blocks wait for the nodes that had them, also through a restart.
import { test } from "tap";
import { blocksOf, eventsOf, eventsWhen, poolWhen, readyOf } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

const namespace = "kube-system";
const pool = (name: string) => ({ kind: "IPPool", namespace, name }) as const;

test("blocks that wait for their node", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t);
  const { admin } = server;
  const kubeconfig = await createControllerUser(server);
  const start = (delay: string) =>
    startController(t, { kubeconfig, namespace, flags: [`--block-reuse-delay=${delay}`] });
  let controller = await start("1h");
  for (const node of ["a", "b"]) await createNode(admin, node);
  const p = pool("p");
  await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/28", perNodeBlockSize: 4 } });
  await poolWhen(server, p, ({ allocations }) => allocations.length === 2);

  await admin.delete("/api/v1/nodes/a");
  const held = await poolWhen(server, p, ({ allocations }) => allocations.length === 1);
  t.match(held.status.releasedBlocks, [
    {
      nodeName: "a",
      startIP: "10.0.0.1",
      endIP: "10.0.0.4",
      releasedAt: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    },
  ]);
  t.equal(held.status.freeBlocks, 1, "the one that nobody had");
  t.equal(await controller.end("SIGTERM"), 0);

  controller = await start("1h");
  for (const node of ["c", "d"]) await createNode(admin, node);
  const without = await poolWhen(server, p, ({ conditions }) => conditions[0]?.status === "False");
  t.same(blocksOf(without.status), ["b 10.0.0.5-10.0.0.8", "c 10.0.0.9-10.0.0.12"]);
  t.match(without.status.conditions[0]?.message, /^1 of 3 nodes have no block: d; 1 block waits /);

  await createNode(admin, "a");
  const back = await poolWhen(server, p, ({ allocations }) => allocations.length === 3);
  t.equal(blocksOf(back.status)[0], "a 10.0.0.1-10.0.0.4");
  t.notOk("releasedBlocks" in back.status);
  t.notOk((await eventsOf(server, namespace)).some((event) => event.includes("BlockReassigned")));
  t.equal(await controller.end("SIGTERM"), 0);

  controller = await start("3s");
  await admin.delete("/api/v1/nodes/a");
  const began = performance.now();
  await poolWhen(server, p, ({ releasedBlocks }) => releasedBlocks !== undefined);
  const moved = await poolWhen(server, p, ({ allocations }) => allocations.length === 3);
  t.equal(blocksOf(moved.status)[2], "d 10.0.0.1-10.0.0.4");
  t.ok(performance.now() - began > 2900, "not before its time");
  t.equal(readyOf(moved.status), "True Allocated");
  t.notOk("releasedBlocks" in moved.status);
  await eventsWhen(
    server,
    namespace,
    "BlockReassigned p: 10.0.0.1-10.0.0.4 was Node a's and is Node d's now",
  );
});
