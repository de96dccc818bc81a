// SPDX-License-Identifier: Apache-2.0
// Many nodes: how fast, how often it writes, and what costs nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "tap";
import { poolWhen, until } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

const namespace = "kube-system";
const pool = (name: string) => ({ kind: "IPPool", namespace, name }) as const;
const nameOf = (i: number) => `node-${String(i).padStart(5, "0")}`;

/** Does it for each number, some at a time. */
async function forEach(first: number, count: number, act: (i: number) => Promise<unknown>): Promise<void> {
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + count) await act(next++);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** When the controller wrote the pool's status, in milliseconds. */
const writesOf = (server: ApiServer, name: string): number[] =>
  server
    .requests()
    .filter((asked) => asked.name === name && asked.subresource === "status" && asked.verb === "update")
    .map(({ atMs }) => atMs);

/** 20 KB of a kubelet's report. */
const images = Array.from({ length: 50 }, (_, i) => ({
  names: [`registry.example.com/team/image-${i}@sha256:${"0".repeat(300)}`],
  sizeBytes: 1000 + i,
}));

test("2,000 nodes, heartbeats, 1,000 more", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { audit: true });
  const { admin } = server;
  const kubeconfig = await createControllerUser(server);
  const controller = await startController(t, { kubeconfig, namespace });
  await forEach(0, 2000, (i) => createNode(admin, nameOf(i), { pool: "x" }));

  const p = pool("p");
  const began = performance.now();
  const { status } = await (async () => {
    await createPool(admin, {
      ...p,
      spec: {
        subnet: "10.0.0.0/8",
        perNodeBlockSize: 1000,
        nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: "pool", operator: "Exists" }] }] },
      },
    });
    return await poolWhen(server, p, ({ allocations }) => allocations.length === 2000);
  })();
  const tookMs = performance.now() - began;
  t.ok(tookMs < 3000, `the first complete status after ${Math.round(tookMs)} ms`);
  t.equal(writesOf(server, "p").length, 1);
  await controller.logged("status written"); // which comes after others have seen it

  await t.test("200 heartbeats cost nothing; the label change after them is one reconcile", async (t) => {
    const written = 'nv_ipam_controller_reconciles_total{pool_type="ippool",outcome="written"}';
    const count = async (): Promise<number> => (await controller.figure(written)) ?? 0;
    const [lines, reconciles] = [controller.lines.length, await count()];
    await forEach(0, 200, async (i) => {
      await admin.patch(`/api/v1/nodes/${nameOf(i)}/status`, { status: { images } });
      await admin.patch(`/api/v1/nodes/${nameOf(i)}`, { metadata: { annotations: { beat: "1" } } });
    });
    await admin.patch(`/api/v1/nodes/${nameOf(7)}`, { metadata: { labels: { pool: null } } });
    const after = await poolWhen(server, p, ({ allocations }) => allocations.length === 1999);
    t.notOk(after.status.allocations.some(({ nodeName }) => nodeName === nameOf(7)));
    await until(async () => controller.lines.length > lines, "its line in the log");
    t.equal((await count()) - reconciles, 1);
    t.equal(
      await controller.figure('nv_ipam_controller_reconciles_total{pool_type="ippool",outcome="unchanged"}'),
      undefined,
    );
    t.equal(writesOf(server, "p").length, 2);
    t.same(
      controller.lines.slice(lines).map(({ msg }) => msg),
      ["status written"],
    );
  });

  await t.test("a node that goes and comes back moves no other node's block", async (t) => {
    const before = new Map(status.allocations.map(({ nodeName, startIP }) => [nodeName, startIP]));
    await admin.patch(`/api/v1/nodes/${nameOf(7)}`, { metadata: { labels: { pool: "x" } } });
    await admin.delete(`/api/v1/nodes/${nameOf(1000)}`);
    await poolWhen(
      server,
      p,
      ({ allocations }) => !allocations.some(({ nodeName }) => nodeName === nameOf(1000)),
    );
    await createNode(admin, nameOf(1000), { pool: "x" });
    const after = await poolWhen(server, p, ({ allocations }) => allocations.length === 2000);
    for (const { nodeName, startIP } of after.status.allocations) {
      if (before.get(nodeName!) !== startIP) t.fail(`${nodeName} has ${startIP} now`);
    }
  });

  await t.test("1,000 nodes in a row: one write per second after the first", async (t) => {
    const q = pool("q");
    await createPool(admin, { ...q, spec: { subnet: "172.16.0.0/12", perNodeBlockSize: 200 } });
    await poolWhen(server, q, ({ allocations }) => allocations.length === 2000);
    const writes = writesOf(server, "p").length;
    const startMs = performance.now();
    for (let i = 2000; i < 3000; i += 100) {
      await Promise.all([forEach(i, 100, (i) => createNode(admin, nameOf(i), { pool: "x" })), sleep(300)]);
    }
    const rate = 1000 / ((performance.now() - startMs) / 1000);
    t.comment(`${Math.round(rate)} nodes per second`);
    await poolWhen(server, p, ({ allocations }) => allocations.length === 3000);
    await poolWhen(server, q, ({ allocations }) => allocations.length === 3000);
    for (const [name, from] of [
      ["p", writes],
      ["q", 0],
    ] as const) {
      const times = writesOf(server, name).slice(from);
      t.ok(times.length >= 3, `${name}: ${times.length} writes`);
      for (const [i, atMs] of times.entries()) {
        if (i > 0 && atMs - times[i - 1]! < 1000) t.fail(`${name}: ${atMs - times[i - 1]!} ms apart`);
      }
    }
  });
  t.same(
    controller.lines.filter(({ level }) => level !== "info"),
    [],
  );
});
