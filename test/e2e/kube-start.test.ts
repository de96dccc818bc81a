// SPDX-License-Identifier: Apache-2.0
// When the daemon on Kubernetes is ready, what it says until then, and what a pod is told of an exhausted pool.
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { damagePages, pagesOf } from "../node/recover-setup.ts";
import { definitions, startApiServer } from "../support/api-server.ts";
import { applyDefinitions, createNamespace, createPool } from "../support/api-server-objects.ts";
import { findFreePort } from "../support/api-server-program.ts";
import { addressOf, errorOf } from "../support/cni.ts";
import { daemonFlags, makeSite } from "../support/daemon.ts";
import { executables, run } from "../support/executables.ts";
import {
  callForPod,
  nodeRules,
  runPod,
  setAllocations,
  startKubeDaemon,
  until,
} from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { listReservations } from "../support/reservations.ts";

const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 2, gateway: "10.0.0.1" };
const BLOCK = { nodeName: "worker", startIP: "10.0.0.1", endIP: "10.0.0.2" };

async function readyz(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return `${response.status} ${await response.text()}`;
}

test("no access to an API is one line and exit status 1, and touches nothing", async (t) => {
  const site = makeSite(t);
  const flags = daemonFlags(site).filter((flag) => !flag.startsWith("--pools-dir"));
  const env = { PATH: process.env.PATH, HOME: site.dir };
  const { status, stdout, stderr } = await run(executables.daemon, flags, { env });
  t.equal(status, 1);
  t.equal(stdout, "");
  t.match(stderr, /^no access to a Kubernetes API: .*KUBERNETES_SERVICE_HOST.*\.kube\/config.*\n$/);
  const missing = await run(executables.daemon, [...flags, "--kubeconfig=/none"], { env });
  t.equal(missing.stderr, "kubeconfig /none: no such file\n");
  const controller = await run(executables.controller, ["--leader-elect=true"], { env });
  t.equal(controller.status, 1);
  t.match(controller.stderr, /^no access to a Kubernetes API: .*\n$/);
});

test("a pod's user without an entry in passwd and without HOME", { skip: skipUnless("root") }, async (t) => {
  const nobody = { uid: 54_321, gid: 54_321, env: { PATH: process.env.PATH } };
  // The checkout may lie where only its owner gets at.
  const { dir } = makeSite(t);
  chmodSync(dir, 0o755);
  const controller = join(dir, "ipam-controller");
  copyFileSync(executables.controller, controller);
  const { status, stderr } = await run(controller, [], nobody);
  t.equal(status, 1);
  t.match(
    stderr,
    /^no access to a Kubernetes API: .*there is no \/\.kube\/config; name a kubeconfig file by --kubeconfig or KUBECONFIG\n$/,
  );
});

test("starting on Kubernetes", { skip: skipUnless("apiserver"), timeout: 280_000 }, async (t) => {
  const api = await startApiServer(t, { crds: "none" });
  const namespace = await createNamespace(api.admin);
  const kubeconfig = await api.createUser("ipam-node", nodeRules);
  const port = await findFreePort();
  const flags = [`--health-probe-bind-address=127.0.0.1:${port}`];
  const pool = { kind: "IPPool", namespace, name: "p" } as const;
  const { dir } = makeSite(t);

  await t.test("it waits for the definitions and says so, then serves", async (t) => {
    const daemon = await startKubeDaemon(t, { kubeconfig, namespace, flags, until: "listening" });
    await daemon.logged("waiting for ippools");
    t.match(
      await readyz(port),
      /^503 not ready: the IPPools have not been read since the start: .*definition/i,
    );
    const early = errorOf(await callForPod(daemon, { namespace, pod: "early", poolName: "p" }));
    t.equal(early.code, 11);
    t.match(early.msg, /Unavailable desc = configuration for pool "p".*CustomResourceDefinition/);
    await applyDefinitions(api.admin, definitions.ours);
    await daemon.logged('"msg":"ready"');
    t.equal(await readyz(port), "200 ok");
    await daemon.end("SIGTERM");
  });

  await t.test("a pod that finds its pool exhausted has an event, once", async (t) => {
    await createPool(api.admin, { ...pool, spec });
    await setAllocations(api.admin, pool, [BLOCK]);
    const daemon = await startKubeDaemon(t, { kubeconfig, namespace, flags, dir, until: "pool served" });
    const uid = await runPod(api, namespace, "web");
    const add = (container: string) =>
      callForPod(daemon, { namespace, pod: "web", uid, poolName: "p", container });
    t.equal(addressOf(await add("first")), "10.0.0.2/24");
    for (let i = 0; i < 5; i++)
      t.match(errorOf(await add(`more-${i}`)).msg, /no free addresses in the pool "p", poolType "ippool"$/);
    const listEvents = async () =>
      (await api.admin.get<{ items: Record<string, unknown>[] }>(`/api/v1/namespaces/${namespace}/events`))
        .items;
    const events = await until(listEvents, (items) => items.length > 0);
    t.match(events, [
      {
        type: "Warning",
        reason: "NoFreeAddresses",
        message: 'no free addresses in the pool "p", poolType "ippool"',
        involvedObject: { kind: "Pod", namespace, name: "web", uid },
        source: { component: "ipam-node" },
        count: 1,
      },
    ]);
    await daemon.end("SIGTERM");
    t.equal((await listEvents()).length, 1);
  });

  await t.test("a right that is missing is named", async (t) => {
    const blind = await api.createUser("blind", nodeRules.slice(0, 1));
    const daemon = await startKubeDaemon(t, { kubeconfig: blind, namespace, flags, until: "listening" });
    await daemon.logged(`RBAC lacks a Role in ${namespace} with verb \\"list\\" on resource \\"cidrpools\\"`);
    await daemon.logged('RBAC lacks a ClusterRole with verb \\"list\\" on resource \\"pods\\"');
    t.match(
      await readyz(port),
      /^503 not ready: the CIDRPools have not been read since the start: .*RBAC lacks/,
    );
    t.equal(await daemon.end("SIGTERM"), 0);
  });

  await t.test("while the API is away it is ready on a restored share, and only then", async (t) => {
    await api.kill();
    const fresh = await startKubeDaemon(t, { kubeconfig, namespace, flags, until: "not serving" });
    t.match(await readyz(port), /^503 not ready: the IPPools have not been read since the start/);
    await fresh.end("SIGTERM");
    const restored = await startKubeDaemon(t, { kubeconfig, namespace, flags, dir });
    t.equal(await readyz(port), "200 ok");
    await restored.logged("serving the last known shares");
    const full = await callForPod(restored, { namespace, pod: "web", poolName: "p" });
    t.match(errorOf(full).msg, /no free addresses/, "the restored share with its reservations");
    t.equal(await restored.end("SIGTERM"), 0);
  });

  await t.test("a store that is recovered while the API is away is served at once", async (t) => {
    const { store } = makeSite(t, dir);
    damagePages(store, pagesOf(store, "sqlite_autoindex_reservations_2"), (page) => page.fill(0));
    const daemon = await startKubeDaemon(t, { kubeconfig, namespace, flags, dir, until: "not serving" });
    t.match(await readyz(port), /^503 not ready: store .* is damaged/);
    const places = ["--store-file", store, "--results-dir", dir, "--multus-dir", dir];
    const { status, stderr } = await run(executables.daemon, ["recover", "--yes", ...places]);
    t.equal(status, 0, stderr);
    await daemon.logged('"msg":"ready"');
    t.equal(await readyz(port), "200 ok");
    t.match(errorOf(await callForPod(daemon, { namespace, pod: "web", poolName: "p" })).msg, /no free addr/);
    t.equal(await daemon.end("SIGTERM"), 0);
  });

  await t.test("a store that came from another node is not: its shares are that node's", async (t) => {
    const copied = { kubeconfig, namespace, flags, dir, nodeName: "other" };
    const daemon = await startKubeDaemon(t, { ...copied, until: "not serving" });
    await daemon.logged("the store was another node's");
    t.match(
      await readyz(port),
      /^503 not ready: .*; the store was node worker's, whose shares are not served here/,
    );
    const error = errorOf(await callForPod(daemon, { namespace, pod: "web", poolName: "p" }));
    t.equal(error.code, 11);
    t.match(error.msg, /Unavailable desc = configuration for pool "p".* is not known yet/);
    t.equal((await listReservations(daemon)).length, 1, "reservations stay");
    t.equal(await daemon.end("SIGTERM"), 0);
  });
});
