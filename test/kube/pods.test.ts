// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { hasStatus } from "../../lib/kube/error.ts";
import { findPod, watchPods } from "../../lib/kube/pods.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNamespace, createPod, deletePod } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";
import { silentLog } from "../support/log.ts";
import { follow, openTestCluster, until } from "./cluster-fixture.ts";

const MIRROR = { "kubernetes.io/config.source": "file", "kubernetes.io/config.mirror": "x" };

test("pods of one node", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const namespace = await createNamespace(server.admin);
  const { metadata } = await createPod(server.admin, { namespace, name: "a", nodeName: "n1" });
  await createPod(server.admin, { namespace, name: "elsewhere", nodeName: "n2" });
  const cluster = await openTestCluster(t, server.kubeconfig);
  const pods = watchPods(cluster, { nodeName: "n1", log: silentLog });
  const told = await follow(t, pods);
  t.strictSame(told.take(), [`+${namespace}/a`]);
  const a = { namespace, name: "a", uid: metadata.uid, isMirror: false };
  t.strictSame(pods.find(`${namespace}/a`), a);

  await createPod(server.admin, { namespace, name: "static", nodeName: "n1", annotations: MIRROR });
  const api = { "kubernetes.io/config.source": "api" };
  await createPod(server.admin, { namespace, name: "usual", nodeName: "n1", annotations: api });
  await until(() => told.changes.length === 2);
  t.equal(pods.find(`${namespace}/static`)?.isMirror, true);
  t.equal(pods.find(`${namespace}/usual`)?.isMirror, false);
  told.take();

  t.strictSame(await findPod(cluster, { namespace, name: "a" }), { ...a, nodeName: "n1" });
  t.match(await findPod(cluster, { namespace, name: "elsewhere" }), { nodeName: "n2" });
  t.equal(await findPod(cluster, { namespace, name: "none" }), undefined);
  await createPod(server.admin, { namespace, name: "unscheduled" });
  t.match(await findPod(cluster, { namespace, name: "unscheduled" }), { nodeName: "" });

  await deletePod(server.admin, { namespace, name: "a" });
  await until(() => told.changes.length > 0);
  t.strictSame(told.take(), [`-${namespace}/a`]);
});

test("a pod that cannot be asked for is not one that is gone", {
  skip: skipUnless("apiserver"),
}, async (t) => {
  const server = await startApiServer(t, { crds: "none" });
  const stranger = await openTestCluster(t, await server.createUser("stranger", []));
  const refused = await findPod(stranger, { namespace: "default", name: "a" }).catch(
    (error: unknown) => error,
  );
  t.ok(hasStatus(refused, 403));
  t.match(String(refused), /a Role in default with verb "get" on resource "pods" of API group ""/);
  const proxy = await server.startProxy();
  const away = await openTestCluster(t, proxy.kubeconfig(server.kubeconfig));
  proxy.hang();
  const stop = new AbortController();
  const asked = findPod(away, { namespace: "default", name: "a" }, stop.signal);
  stop.abort(new Error("stopping"));
  await t.rejects(asked, { message: "stopping" }, "a call ends when its caller does");
  await proxy.refuse();
  await t.rejects(findPod(away, { namespace: "default", name: "a" }), /cannot reach the API server/);
});
