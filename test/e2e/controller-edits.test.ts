// SPDX-License-Identifier: Apache-2.0
// What users do to pools: invalid edits, too small networks, overlaps, edits of status.
import { isDeepStrictEqual } from "node:util";
import { test } from "tap";
import {
  blocksOf,
  eventsOf,
  eventsWhen,
  type LivePool,
  poolWhen,
  readyOf,
} from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

test("pools that users edit", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t);
  const { admin } = server;
  const kubeconfig = await createControllerUser(server);
  for (const node of ["a", "b", "c"]) await createNode(admin, node);
  const settled = ({ observedGeneration }: { observedGeneration: number }, { metadata }: LivePool) =>
    observedGeneration === metadata.generation;

  await t.test("an invalid edit stops nothing, and the fix heals it", async (t) => {
    const namespace = await createNamespace(admin);
    const controller = await startController(t, { kubeconfig, namespace });
    const p = { kind: "IPPool", namespace, name: "p" } as const;
    const path = poolPath("IPPool", namespace, "p");
    await createPool(admin, {
      ...p,
      spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" },
    });
    const before = await poolWhen(server, p, settled);
    t.equal(before.status.allocations.length, 3);

    await admin.patch(path, { spec: { gateway: "10.9.0.1", perNodeBlockSize: 1000 } });
    const broken = await poolWhen(server, p, settled);
    t.equal(readyOf(broken.status), "False InvalidSpec");
    t.same(broken.status.allocations, before.status.allocations);
    const [event] = await eventsWhen(server, namespace, "InvalidSpec");
    t.match(event, /^IPPoolController Warning InvalidSpec p: .*spec\.perNodeBlockSize: .*; spec\.gateway: /);

    await createNode(admin, "d");
    await admin.patch(path, { metadata: { annotations: { look: "again" } } });
    await admin.patch(path, { spec: { gateway: "10.0.0.1" } });
    const still = await poolWhen(server, p, settled);
    t.same(still.status.allocations, before.status.allocations, "no node gets a block");

    await admin.patch(path, { spec: { perNodeBlockSize: 10 } });
    const healed = await poolWhen(server, p, ({ allocations }) => allocations.length === 4);
    t.equal(readyOf(healed.status), "True Allocated");
    t.same(healed.status.allocations.slice(0, 3), before.status.allocations, "no block has moved");
    t.equal(blocksOf(healed.status)[3], "d 10.0.0.31-10.0.0.40");
    t.equal((await eventsOf(server, namespace)).length, 2, "one event for each invalid generation");
    await admin.delete("/api/v1/nodes/d");
    await poolWhen(server, p, ({ allocations }) => allocations.length === 3);
    t.equal(await controller.end("SIGTERM"), 0);
  });

  await t.test("nodes for which nothing is left", async (t) => {
    const namespace = await createNamespace(admin);
    await startController(t, { kubeconfig, namespace });
    const p = { kind: "IPPool", namespace, name: "p" } as const;
    const q = { kind: "CIDRPool", namespace, name: "q" } as const;
    await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/29", perNodeBlockSize: 3 } });
    await createPool(admin, { ...q, spec: { cidr: "10.1.0.0/23", perNodeNetworkPrefix: 24 } });
    const flat = await poolWhen(server, p, settled);
    const cut = await poolWhen(server, q, settled);
    t.same(blocksOf(flat.status), ["a 10.0.0.1-10.0.0.3", "b 10.0.0.4-10.0.0.6"]);
    t.same(blocksOf(cut.status), ["a 10.1.0.0/24", "b 10.1.1.0/24"]);
    t.equal(readyOf(flat.status), "False NoFreeRanges");
    t.equal(readyOf(cut.status), "False NoFreePrefixes");
    t.match(flat.status.conditions[0]?.message, "1 of 3 nodes have no block: c");
    t.match(flat.status, { allocatedNodes: 2, freeBlocks: 0 });
    const events = await eventsWhen(server, namespace, "NoFreeRanges", "NoFreePrefixes");
    t.same(events.sort(), [
      "CIDRPoolController Warning NoFreePrefixes q: failed to allocated prefix for Node: c, no free prefixes",
      "IPPoolController Warning NoFreeRanges p: failed to allocate IPs on Node: c",
    ]);

    await admin.delete("/api/v1/nodes/a");
    const next = await poolWhen(server, p, ({ allocations }) => allocations[1]?.nodeName === "c");
    t.same(blocksOf(next.status), ["b 10.0.0.4-10.0.0.6", "c 10.0.0.1-10.0.0.3"]);
    t.equal(readyOf(next.status), "True Allocated");
    await eventsWhen(
      server,
      namespace,
      "BlockReassigned p: 10.0.0.1-10.0.0.3 was Node a's and is Node c's now",
    );
    await createNode(admin, "a");
  });

  await t.test("overlapping pools work, and the younger one is told", async (t) => {
    const namespace = await createNamespace(admin);
    await startController(t, { kubeconfig, namespace });
    const pool = (kind: "IPPool" | "CIDRPool", name: string) => ({ kind, namespace, name });
    await createPool(admin, { ...pool("IPPool", "z"), spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 5 } });
    await poolWhen(server, pool("IPPool", "z"), settled);
    await new Promise((done) => setTimeout(done, 1001)); // ages are whole seconds
    await createPool(admin, {
      ...pool("CIDRPool", "a"),
      spec: { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 },
    });
    const cut = await poolWhen(server, pool("CIDRPool", "a"), settled);
    t.equal(cut.status.allocations.length, 3);
    await createPool(admin, {
      ...pool("IPPool", "far"),
      spec: { subnet: "10.1.0.0/24", perNodeBlockSize: 5 },
    });
    await poolWhen(server, pool("IPPool", "far"), settled);
    const events = await eventsWhen(server, namespace, "OverlappingPools");
    t.same(events, [
      "CIDRPoolController Warning OverlappingPools a: 10.0.0.0/16 overlaps 10.0.0.0/24 of IPPool z: both pools may give out the same addresses",
    ]);
  });

  await t.test("status edited by hand is put right", async (t) => {
    const namespace = await createNamespace(admin);
    await startController(t, { kubeconfig, namespace });
    const p = { kind: "IPPool", namespace, name: "p" } as const;
    await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
    const good = await poolWhen(server, p, settled);
    const statusPath = `${poolPath("IPPool", namespace, "p")}/status`;
    const entry = (nodeName: string, startIP: string, endIP: string) => ({ nodeName, startIP, endIP });
    const nonsense = [
      [],
      [entry("a", "x", "y"), entry("b", "", ""), entry("", "10.0.0.1", "10.0.0.10")],
      [entry("b", "10.0.0.1", "10.0.0.20"), entry("b", "10.0.0.5", "10.0.0.14")],
    ];
    for (const allocations of nonsense) {
      await admin.patch(statusPath, { status: { allocations } });
      await poolWhen(server, p, (status) => isDeepStrictEqual(status.allocations, good.status.allocations));
    }
    const swapped = [
      entry("a", "10.0.0.11", "10.0.0.20"),
      entry("b", "10.0.0.1", "10.0.0.10"),
      entry("c", "10.0.0.1", "10.0.0.10"),
    ];
    await admin.patch(statusPath, { status: { allocations: swapped } });
    const kept = await poolWhen(server, p, ({ allocations }) => allocations[2]?.startIP === "10.0.0.21");
    t.same(blocksOf(kept.status), ["a 10.0.0.11-10.0.0.20", "b 10.0.0.1-10.0.0.10", "c 10.0.0.21-10.0.0.30"]);
    await admin.patch(statusPath, { status: { conditions: null, freeBlocks: 1 } });
    const again = await poolWhen(server, p, (status) => status.conditions !== undefined);
    t.match(again.status, { freeBlocks: 22 });
  });

  await t.test("names as long as they may be", async (t) => {
    const namespace = await createNamespace(admin);
    await startController(t, { kubeconfig, namespace });
    const long = (letter: string) =>
      Array.from({ length: 4 }, () => letter.repeat(62)).join(".") + letter.repeat(2);
    const node = long("n");
    t.equal(node.length, 253);
    await createNode(admin, node);
    const p = { kind: "CIDRPool", namespace, name: long("p") } as const;
    await createPool(admin, { ...p, spec: { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1 } });
    const { status } = await poolWhen(server, p, ({ allocations }) => allocations.length === 4);
    t.equal(blocksOf(status).at(-1), `${node} fd00:0:0:3::/64 fd00:0:0:3::1`);
    await admin.patch(poolPath("CIDRPool", namespace, p.name), { spec: { gatewayIndex: -1 } });
    await eventsWhen(server, namespace, "InvalidSpec");
  });
});
