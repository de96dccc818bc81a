// SPDX-License-Identifier: Apache-2.0
// A wall clock that jumps, under controller and daemon.
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "tap";
import { blocksOf, poolWhen } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createNode, createPool } from "../support/api-server-objects.ts";
import { addressOf } from "../support/cni.ts";
import { callForPod, nodeRules, runPod, startKubeDaemon, until } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { preloadClock } from "../support/preload.ts";
import { listReservations } from "../support/reservations.ts";

const HOUR = 3600;
type Lease = { spec: { holderIdentity: string; renewTime: string; leaseTransitions: number } };

test("a clock that jumps", { skip: skipUnless("apiserver", "gcc") }, async (t) => {
  const api = await startApiServer(t);
  const clock = preloadClock(api.dir);
  const namespace = await createNamespace(api.admin);
  const pool = { kind: "IPPool", namespace, name: "p" } as const;
  await createNode(api.admin, "worker");
  await createPool(api.admin, { ...pool, spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10 } });
  const controller = await startController(t, {
    kubeconfig: await createControllerUser(api),
    namespace,
    flags: ["--leader-elect", `--leader-elect-namespace=${namespace}`],
    env: clock.env,
  });
  await poolWhen(api, pool, ({ allocations }) => allocations.length === 1);
  const daemon = await startKubeDaemon(t, {
    kubeconfig: await api.createUser("ipam-node", nodeRules),
    namespace,
    flags: ["--cleaner-interval=1"],
    env: clock.env,
  });
  const readLease = () =>
    api.admin.get<Lease>(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/dd1643cf.nvidia.com`);
  const { spec: first } = await readLease();
  for (const [i, seconds] of [HOUR, 26 * HOUR, 0].entries()) {
    clock.jump(seconds);
    const pod = `pod-${i}`;
    const uid = await runPod(api, namespace, pod);
    const got = addressOf(await callForPod(daemon, { namespace, pod, uid, poolName: "p" }));
    t.equal(got, `10.0.0.${i + 1}/24`);
    await createNode(api.admin, `z${i}`);
    const { status } = await poolWhen(api, pool, ({ allocations }) => allocations.length === i + 2);
    t.equal(blocksOf(status)[i + 1], `z${i} 10.0.0.${10 * i + 11}-10.0.0.${10 * i + 20}`);
    // The clock did jump, and the lease is renewed by it.
    const ahead = (renewTime: string) => (Date.parse(renewTime) - Date.now()) / 1000;
    const jumped = ({ spec }: Lease) => Math.abs(ahead(spec.renewTime) - seconds) < 60;
    const { spec: lease } = await until(readLease, jumped);
    t.match(lease, { holderIdentity: first.holderIdentity, leaseTransitions: first.leaseTransitions });
  }
  await sleep(5000); // five looks of the cleaner
  const held = (await listReservations(daemon)).map(({ podName }) => podName).sort();
  t.same(held, ["pod-0", "pod-1", "pod-2"], "nobody is taken for gone");
  t.equal(await controller.end("SIGTERM"), 0);
  t.equal((await readLease()).spec.holderIdentity, "");
  t.equal(await daemon.end("SIGTERM"), 0);
});
