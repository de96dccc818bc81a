// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import type { Cluster } from "../../lib/kube/cluster.ts";
import { type Election, electLeader } from "../../lib/kube/lease.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNamespace } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { openTestCluster, until } from "./cluster-fixture.ts";

const name = "dd1643cf.nvidia.com";
const times = { leaseMs: 3000, renewMs: 2000, retryMs: 400 };
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

type Spec = {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
};

function path(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
}

async function readSpec(server: ApiServer, namespace: string): Promise<Spec> {
  return (await server.admin.get<{ spec: Spec }>(`${path(namespace)}/${name}`)).spec;
}

function candidate(cluster: Cluster, namespace: string, identity: string): Election {
  return electLeader(cluster, { namespace, name, identity, ...times, log: silentLog });
}

/** Settled or not, in the order of the names. */
function watchOutcome(election: Election): { elected: boolean; lost: string | undefined } {
  const outcome: { elected: boolean; lost: string | undefined } = { elected: false, lost: undefined };
  void election.whenElected.then(() => {
    outcome.elected = true;
  });
  void election.lost.then((error) => {
    outcome.lost = `${error.message}: ${(error.cause as Error).message}`;
  });
  return outcome;
}

test("leader election on a real API", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const cluster = await openTestCluster(t, server.kubeconfig);

  await t.test("one of two leads; released, the other takes over at once", async (t) => {
    const namespace = await createNamespace(server.admin);
    const first = candidate(cluster, namespace, "first");
    await first.whenElected;
    const second = candidate(cluster, namespace, "second");
    const outcome = watchOutcome(second);
    const before = await readSpec(server, namespace);
    t.match(before, {
      holderIdentity: "first",
      leaseDurationSeconds: 3,
      leaseTransitions: 0,
      acquireTime: MICRO_TIME,
      renewTime: MICRO_TIME,
    });
    await new Promise((resolve) => setTimeout(resolve, times.leaseMs + 1000));
    t.equal(outcome.elected, false, "a lease that is renewed is respected");
    const renewed = await readSpec(server, namespace);
    t.equal(renewed.acquireTime, before.acquireTime);
    t.not(renewed.renewTime, before.renewTime);

    await first.stop();
    t.match(await readSpec(server, namespace), { leaseDurationSeconds: 1, leaseTransitions: 0 });
    t.notOk((await readSpec(server, namespace)).holderIdentity, "released");
    const releasedAt = performance.now();
    await second.whenElected;
    t.ok(performance.now() - releasedAt < 2 * times.retryMs + 500, "within one look");
    t.match(await readSpec(server, namespace), { holderIdentity: "second", leaseTransitions: 1 });
    await second.stop();
  });

  await t.test("a leader that vanishes is succeeded after the lease, whatever its clock says", async (t) => {
    const namespace = await createNamespace(server.admin);
    const future = "2099-01-01T00:00:00.000000Z";
    await server.admin.post(path(namespace), {
      metadata: { name, labels: { made: "elsewhere" } },
      spec: {
        holderIdentity: "gone",
        leaseDurationSeconds: 2,
        acquireTime: future,
        renewTime: future,
        leaseTransitions: 4,
      },
    });
    const began = performance.now();
    const heir = candidate(cluster, namespace, "heir");
    await heir.whenElected;
    const tookMs = performance.now() - began;
    t.ok(tookMs >= 2000, `not before the lease ran out: ${tookMs} ms`);
    t.ok(tookMs < 2000 + 2 * times.retryMs + 500, `and soon after: ${tookMs} ms`);
    t.match(await readSpec(server, namespace), { holderIdentity: "heir", leaseTransitions: 5 });
    t.match(await server.admin.get(`${path(namespace)}/${name}`), {
      metadata: { labels: { made: "elsewhere" } },
    });
    await heir.stop();
  });

  await t.test("a leader cut off loses before another may lead", async (t) => {
    const namespace = await createNamespace(server.admin);
    const proxy = await server.startProxy();
    const remote = await openTestCluster(t, proxy.kubeconfig(server.kubeconfig));
    const cut = candidate(remote, namespace, "cut");
    await cut.whenElected;
    const heir = candidate(cluster, namespace, "heir");
    const [old, fresh] = [watchOutcome(cut), watchOutcome(heir)];
    proxy.hang();
    await until(() => old.lost !== undefined);
    t.equal(fresh.elected, false, "two never lead at once");
    t.match(old.lost, /^the leader's lease is lost: not renewed for 2 s: /);
    await heir.whenElected;
    await proxy.restore();
    await cut.stop();
    t.match(
      await readSpec(server, namespace),
      { holderIdentity: "heir" },
      "what is another's is not released",
    );
    await heir.stop();
  });

  await t.test("a lease that another took is lost at once; one that was deleted is made again", async (t) => {
    const namespace = await createNamespace(server.admin);
    const leader = candidate(cluster, namespace, "leader");
    const outcome = watchOutcome(leader);
    await leader.whenElected;
    await server.admin.delete(`${path(namespace)}/${name}`);
    let answer = await server.admin.request("GET", `${path(namespace)}/${name}`);
    while (answer.status === 404) answer = await server.admin.request("GET", `${path(namespace)}/${name}`);
    t.equal(outcome.lost, undefined);
    await server.admin.patch(`${path(namespace)}/${name}`, { spec: { holderIdentity: "thief" } });
    t.match((await leader.lost).cause, /held by "thief"/);
    await leader.stop();
    t.match(await readSpec(server, namespace), { holderIdentity: "thief" });
  });

  await t.test("the API restarts while one leads", async (t) => {
    const namespace = await createNamespace(server.admin);
    const long = { ...times, leaseMs: 60_000, renewMs: 40_000 };
    const { log, events } = recordingLog();
    const leader = electLeader(cluster, { namespace, name, identity: "leader", ...long, log });
    const outcome = watchOutcome(leader);
    await leader.whenElected;
    const { renewTime } = await readSpec(server, namespace);
    await server.kill();
    await until(() => events.some(({ level }) => level === "warn"));
    await server.start();
    while ((await readSpec(server, namespace)).renewTime === renewTime);
    t.equal(outcome.lost, undefined, "it goes on leading");
    await leader.stop();
  });
});
