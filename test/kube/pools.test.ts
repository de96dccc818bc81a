// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { hasStatus } from "../../lib/kube/error.ts";
import { type StoredPool, watchPools, writePoolStatus } from "../../lib/kube/pools.ts";
import { definitions, startApiServer } from "../support/api-server.ts";
import { applyDefinitions, createNamespace, createPool, poolPath } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { counted, follow, openTestCluster, quick, until } from "./cluster-fixture.ts";

const spec = { subnet: "192.168.0.0/16", perNodeBlockSize: 100, gateway: "192.168.0.1" };
const allocations = [{ nodeName: "a", startIP: "192.168.0.1", endIP: "192.168.0.100" }];

function asStored(answer: StoredPool | "conflict" | "gone"): StoredPool {
  if (typeof answer === "string") throw new Error(`the answer is ${answer}`);
  return answer;
}

for (const crds of ["ours", "go"] as const) {
  test(`pools and their status, CRDs: ${crds}`, { skip: skipUnless("apiserver") }, async (t) => {
    const server = await startApiServer(t, { crds });
    const namespace = await createNamespace(server.admin);
    await createPool(server.admin, { kind: "IPPool", namespace, name: "p", spec });
    await createPool(server.admin, { kind: "IPPool", namespace: "default", name: "other", spec });
    const cluster = await openTestCluster(t, server.kubeconfig);
    const pools = watchPools(cluster, { kind: "IPPool", namespace, log: silentLog, keep: (pool) => pool });
    const told = await follow(t, pools);

    t.strictSame(told.take(), [`+${namespace}/p`], "one namespace only");
    const first = pools.find(`${namespace}/p`)!;
    t.match(first, { kind: "IPPool", name: "p", namespace, generation: 1, object: { kind: "IPPool", spec } });
    t.equal(Math.abs(Date.now() - first.createdAtMs) < 60_000, true);
    t.notMatch(JSON.stringify(first.object), "managedFields");

    const answer = await writePoolStatus(cluster, first, {
      allocations,
      conditions: [],
      observedGeneration: 1,
    });
    const stored = asStored(answer);
    const known = crds === "ours" ? { allocations, conditions: [], observedGeneration: 1 } : { allocations };
    t.match(stored.object, { spec, status: known }, "the answer is what the API keeps");
    t.equal("observedGeneration" in (stored.object as { status: object }).status, crds === "ours");
    await until(() => told.changes.length > 0);
    t.strictSame(told.take(), [`~${namespace}/p`]);
    t.equal(pools.find(`${namespace}/p`)?.resourceVersion, stored.resourceVersion);

    t.equal(await writePoolStatus(cluster, first, { allocations: [] }), "conflict", "an old version");
    t.strictSame(await writePoolStatus(cluster, { ...first, name: "none" }, { allocations: [] }), "gone");
    const refused = await writePoolStatus(cluster, stored, { allocations: "x" }).catch(
      (error: unknown) => error,
    );
    t.ok(hasStatus(refused, 422), "the schema's refusal rejects");
    t.match(String(refused), /cannot update ippools\/status "p" in namespace test-.*allocations/);

    await server.admin.delete(poolPath("IPPool", namespace, "p"));
    await until(() => told.changes.length > 0);
    t.strictSame(told.take(), [`-${namespace}/p`]);
    t.equal(await writePoolStatus(cluster, stored, { allocations: [] }), "gone");
  });
}

test("a namespace of one daemon's own kind of keeping", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t);
  const namespace = await createNamespace(server.admin);
  const cidr = { cidr: "10.0.0.0/8", perNodeNetworkPrefix: 24 };
  await createPool(server.admin, { kind: "CIDRPool", namespace, name: "p", spec: cidr });
  const cluster = await openTestCluster(t, server.kubeconfig);
  const pools = watchPools(cluster, {
    kind: "CIDRPool",
    namespace,
    log: silentLog,
    keep: ({ generation, resourceVersion }) => ({ generation, resourceVersion }),
    same: (a, b) => a.generation === b.generation,
  });
  const told = await follow(t, pools);
  told.take();
  const key = `${namespace}/p`;
  const before = pools.find(key)!.resourceVersion;
  await server.admin.patch(poolPath("CIDRPool", namespace, "p"), { metadata: { annotations: { a: "1" } } });
  await until(() => pools.find(key)?.resourceVersion !== before);
  t.strictSame(told.take(), [], "what counts as the same is no change, but the newest is found");
  await server.admin.patch(poolPath("CIDRPool", namespace, "p"), { spec: { perNodeNetworkPrefix: 25 } });
  await until(() => told.changes.length > 0);
  t.strictSame(told.take(), [`~${key}`]);
});

test("waits for the CRDs and for permission, and says so once", {
  skip: skipUnless("apiserver"),
}, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const { log, events } = recordingLog();
  const { cluster, calls } = counted(await openTestCluster(t, server.kubeconfig));
  const pools = watchPools(cluster, {
    kind: "IPPool",
    namespace: "default",
    log,
    timing: quick,
    keep: ({ name }) => name,
  });
  pools.start();
  t.teardown(() => pools.stop());
  await until(() => calls() > 3);
  t.match(pools.trouble, /is the CustomResourceDefinition ippools\.nv-ipam\.nvidia\.com installed\?/);
  t.equal(events.length, 1, "many tries, one line");
  t.match(events, [{ level: "warn", message: "waiting for ippools in namespace default" }]);
  t.equal(pools.synced, false);
  await applyDefinitions(server.admin, definitions.ours);
  await createPool(server.admin, { kind: "IPPool", namespace: "default", name: "p", spec });
  await until(() => pools.list().length > 0);
  await until(() => pools.trouble === undefined);
  t.strictSame(pools.list(), ["p"], "goes on when they come");

  const stranger = counted(await openTestCluster(t, await server.createUser("stranger", [])));
  const refused = recordingLog();
  const denied = watchPools(stranger.cluster, {
    kind: "IPPool",
    namespace: "default",
    log: refused.log,
    timing: quick,
    keep: ({ name }) => name,
  });
  denied.start();
  t.teardown(() => denied.stop());
  await until(() => stranger.calls() > 3);
  t.match(
    denied.trouble,
    /a Role in default with verb "list" on resource "ippools" of API group "nv-ipam.nvidia.com"/,
    "the rule that lacks",
  );
  t.equal(refused.events.length, 1, "many tries, one line");
});
