// SPDX-License-Identifier: Apache-2.0
// A controller of the Go implementation that holds the lease: the two exclude each other.
import { test } from "tap";
import { type LivePool, poolWhen, until } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";

type Lease = { spec: Record<string, unknown> };

/** As client-go's leader election writes it. */
function record(holderIdentity: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const now = new Date().toISOString().replace("Z", "000Z");
  return { holderIdentity, leaseDurationSeconds: 15, acquireTime: now, renewTime: now, ...more };
}

test("a lease that a Go controller holds", { skip: skipUnless("apiserver") }, async (t) => {
  const api = await startApiServer(t);
  const { admin } = api;
  const namespace = await createNamespace(admin);
  const pool = { kind: "IPPool", namespace, name: "p" } as const;
  await createNode(admin, "a");
  await createPool(admin, { ...pool, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${leases}/dd1643cf.nvidia.com`;
  const readLease = () => admin.get<Lease>(path);
  const go = "nv-ipam-controller-5d8c_0b9f4a52-7d0d-4f0e-9a53-2a8a1c5f6e11";
  await admin.post(leases, {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "dd1643cf.nvidia.com", labels: { keep: "me" } },
    spec: record(go, { leaseTransitions: 3 }),
  });
  const controller = await startController(t, {
    kubeconfig: await createControllerUser(api),
    namespace,
    flags: ["--leader-elect=true", `--leader-elect-namespace=${namespace}`],
  });
  t.match(await controller.logged("another one leads"), { holder: go });
  t.equal(await controller.probe("/readyz"), "200 ok", "a standby is ready");
  await admin.patch(path, { spec: record(go) });
  t.equal((await admin.get<LivePool>(poolPath("IPPool", namespace, "p"))).status, undefined);

  await admin.patch(path, { spec: record("", { leaseDurationSeconds: 1 }) });
  await controller.logged("leading");
  await poolWhen(api, pool, ({ allocations }) => allocations.length === 1);
  const taken = await until(async () => {
    const lease = await readLease();
    return lease.spec.holderIdentity !== "" && lease;
  }, "our lease");
  t.match(taken, {
    metadata: { labels: { keep: "me" } },
    spec: {
      leaseDurationSeconds: 15,
      leaseTransitions: 4,
      acquireTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
      renewTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    },
  });

  await admin.patch(path, { spec: record(go, { leaseTransitions: 5 }) });
  t.equal(await controller.exited, 1, "the other one has it again");
  t.equal((await readLease()).spec.holderIdentity, go);
});
