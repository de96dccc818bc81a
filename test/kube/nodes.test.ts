// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { watchNodes } from "../../lib/kube/nodes.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNode } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { follow, openTestCluster, quick, until } from "./cluster-fixture.ts";

/** Twenty at a time: the API server refuses more at once. */
async function createNodes(server: ApiServer, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `n${String(index).padStart(4, "0")}`);
  while (names.length > 0) {
    await Promise.all(names.splice(0, 20).map((name) => createNode(server.admin, name, { pool: "a" })));
  }
}

function heartbeat(round: number): object {
  const images = Array.from({ length: 50 }, (_, index) => ({
    names: [
      `registry.example/team/image-${index}@sha256:${"ab".repeat(32)}`,
      `registry.example/team/image-${index}:v1`,
    ],
    sizeBytes: 1_000_000 + round,
  }));
  return { status: { images } };
}

test("nodes of a real API", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none", audit: true });
  await createNodes(server, 1200);
  const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] }];
  const cluster = await openTestCluster(t, await server.createUser("watcher", rules));
  const nodes = watchNodes(cluster, { log: silentLog, timing: quick });
  const told = await follow(t, nodes);

  t.equal(nodes.list().length, 1200, "all pages are there");
  t.strictSame(nodes.find("n1199"), { name: "n1199", labels: { pool: "a" } }, "name and labels are kept");
  t.equal(told.take().length, 1200, "each one came once");
  const lists = server.requests().filter(({ verb }) => verb === "list");
  t.equal(lists.length, 3, "in pages of 500");
  t.match(lists[0]?.userAgent, /^nv-ipam\/\d+\.\d+\.\d+$/);

  for (let round = 0; round < 5; round++) {
    for (let index = 0; index < 10; index++) {
      await server.admin.patch(`/api/v1/nodes/n000${index}/status`, heartbeat(round));
    }
  }
  await server.admin.patch("/api/v1/nodes/n0003", { metadata: { labels: { pool: "b" } } });
  await until(() => told.changes.length > 0);
  t.strictSame(told.take(), ["~n0003"], "heartbeats are no changes, a label is");

  await server.admin.delete("/api/v1/nodes/n0004");
  await until(() => told.changes.length > 0);
  t.strictSame(told.take(), ["-n0004"]);
  t.equal(nodes.find("n0004"), undefined);

  await server.kill();
  await until(() => nodes.trouble !== undefined);
  t.match(nodes.trouble, /^cannot reach the API server https:.*ECONN/);
  t.ok(nodes.synced, "once synced, always synced");
  t.equal(nodes.list().length, 1199, "the cache stays");
  await server.start();
  await until(() => nodes.trouble === undefined);
  await server.admin.patch("/api/v1/nodes/n0005", { metadata: { labels: { pool: "c" } } });
  await until(() => told.changes.length > 0);
  t.strictSame(told.take(), ["~n0005"], "the watch goes on after a restart");
});

test("objects that went during a gap are told of", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const proxy = await server.startProxy();
  for (const name of ["a", "b", "c"]) await createNode(server.admin, name);
  const cluster = await openTestCluster(t, proxy.kubeconfig(server.kubeconfig));
  const { log, events } = recordingLog();
  const nodes = watchNodes(cluster, { log, timing: quick });
  const told = await follow(t, nodes);
  told.take();

  await proxy.refuse();
  await until(() => nodes.trouble !== undefined);
  await server.admin.delete("/api/v1/nodes/b");
  await createNode(server.admin, "d");
  await server.compact();
  await server.kill();
  await server.start();
  await createNode(server.admin, "e");
  await proxy.restore();
  await until(() => told.changes.length === 3);
  t.strictSame(told.take().sort(), ["+d", "+e", "-b"]);
  t.equal(nodes.trouble, undefined);
  const messages = events.map(({ message }) => message);
  t.ok(
    messages.includes("a watch is too old to go on, listing anew"),
    "the version of the old watch was gone",
  );
});

test("a watch that dies silently is noticed", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const proxy = await server.startProxy();
  const cluster = await openTestCluster(t, proxy.kubeconfig(server.kubeconfig));
  const nodes = watchNodes(cluster, { log: silentLog, timing: { ...quick, silenceMs: 1500 } });
  const told = await follow(t, nodes);
  await createNode(server.admin, "a");
  await until(() => told.changes.length > 0);
  const connections = proxy.accepted();
  proxy.hang();
  await createNode(server.admin, "b");
  await until(() => proxy.accepted() > connections);
  t.strictSame(told.take(), ["+a"], "nothing came through");
  await proxy.restore();
  await until(() => told.changes.length > 0);
  t.strictSame(told.take(), ["+b"]);
});
