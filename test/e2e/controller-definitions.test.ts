// SPDX-License-Identifier: Apache-2.0
// The definitions of the Go controller, no definitions yet, and rights that are missing.
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "tap";
import { blocksOf, eventsWhen, type LivePool, poolWhen, until } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { definitions, startApiServer } from "../support/api-server.ts";
import { applyDefinitions, createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { kubernetesVersions } from "../support/cache.ts";
import { skipUnless } from "../support/layers.ts";

const namespace = "kube-system";
const p = { kind: "IPPool", namespace, name: "p" } as const;
const q = { kind: "CIDRPool", namespace, name: "q" } as const;
const skip = skipUnless("apiserver");

for (const version of kubernetesVersions) {
  test(`Kubernetes ${version} with the Go controller's definitions: all but conditions, and no rewriting`, {
    skip,
  }, async (t) => {
    const server = await startApiServer(t, { version, crds: "go", audit: true });
    const { admin } = server;
    for (const node of ["a", "b"]) await createNode(admin, node);
    const controller = await startController(t, {
      kubeconfig: await createControllerUser(server),
      namespace,
    });
    await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
    await createPool(admin, {
      ...q,
      spec: { cidr: "10.1.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 },
    });
    await poolWhen(server, p, ({ allocations }) => allocations.length === 2);
    const cut = await poolWhen(server, q, ({ allocations }) => allocations.length === 2);
    t.same(Object.keys(cut.status), ["allocations"]);
    await createNode(admin, "c");
    const full = await poolWhen(server, p, ({ allocations }) => allocations.length === 3);
    t.equal(blocksOf(full.status)[2], "c 10.0.0.21-10.0.0.30");
    await poolWhen(server, q, ({ allocations }) => allocations.length === 3);

    await admin.patch(poolPath("IPPool", namespace, "p"), { spec: { perNodeBlockSize: 1000 } });
    await eventsWhen(server, namespace, "InvalidSpec");
    const still = await admin.get<LivePool>(poolPath("IPPool", namespace, "p"));
    t.same(still.status?.allocations, full.status.allocations);
    await admin.patch(poolPath("IPPool", namespace, "p"), { spec: { perNodeBlockSize: 10 } });
    await sleep(2500); // a loop would come round at the pace of one write per second
    const writes = (name: string) =>
      server.requests().filter((asked) => asked.name === name && asked.subresource === "status").length;
    t.ok(writes("p") <= 4, `${writes("p")} writes: two of blocks, one for each edit of spec`);
    t.equal(writes("q"), 2);
    t.same(
      controller.lines.filter(({ level }) => level === "error"),
      [],
    );
  });
}

test("definitions that come later", { skip }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const { admin } = server;
  await createNode(admin, "a");
  const kubeconfig = await createControllerUser(server);
  const controller = await startController(t, { kubeconfig, namespace, early: true });
  const refusal = await until(async () => {
    const answer = await controller.probe("/readyz");
    return /ippools.*not (installed|found|served)|could not find/i.test(answer) && answer;
  }, "a reason that names the missing definition");
  t.match(refusal, /^503 not ready: the IPPools are not known yet: /);
  t.ok(
    controller.lines.some(({ level }) => level === "warn"),
    "and it says so in the log",
  );
  await applyDefinitions(admin, definitions.ours);
  await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
  await controller.logged("ready");
  await poolWhen(server, p, ({ allocations }) => allocations.length === 1);
  t.equal(await controller.end("SIGTERM"), 0);
});

test("a right that is missing is named", { skip }, async (t) => {
  const server = await startApiServer(t);
  const { admin } = server;
  const kubeconfig = await server.createUser("poor", [
    { apiGroups: ["nv-ipam.nvidia.com"], resources: ["ippools", "cidrpools"], verbs: ["list", "watch"] },
    { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] },
  ]);
  const controller = await startController(t, { kubeconfig, namespace });
  await createPool(admin, { ...p, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
  const line = await controller.logged("reconcile failed");
  t.match(line, { level: "error", key: `${namespace}/p`, err: /update.*ippools\/status/ });
  const blind = await server.createUser("blind", [
    { apiGroups: ["nv-ipam.nvidia.com"], resources: ["ippools", "cidrpools"], verbs: ["list", "watch"] },
  ]);
  const waiting = await startController(t, { kubeconfig: blind, namespace, early: true });
  const answer = await until(async () => {
    const text = await waiting.probe("/readyz");
    return text.includes("nodes are not known yet: ") && text;
  }, "a reason");
  t.match(answer, /list.*nodes/);
  t.equal(await waiting.end("SIGTERM"), 0);
});
