// SPDX-License-Identifier: Apache-2.0
// kubectl nvipam doctor on a real API: a cluster where all is well, and one thing after the other broken and mended.
import { test } from "tap";
import { definitions, startApiServer } from "../support/api-server.ts";
import {
  applyDefinitions,
  createNode,
  createPool,
  deletePod,
  poolPath,
} from "../support/api-server-objects.ts";
import type { Client } from "../support/api-server-request.ts";
import { setAllocations, setSpec, until } from "../support/kube-daemon.ts";
import {
  addDaemons,
  addNodes,
  applyRights,
  finds,
  makeDoctor,
  namespace,
  pool,
  spec,
} from "../support/kubectl-doctor.ts";
import { createNotedPod, makePlugin, renewNodeLease } from "../support/kubectl-plugin.ts";
import { skipUnless } from "../support/layers.ts";

/** The definitions with the API's answer read again until it is served. */
async function replaceDefinitions(admin: Client, dir: string): Promise<void> {
  for (const plural of ["ippools", "cidrpools"]) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.nv-ipam.nvidia.com`;
    await admin.request("DELETE", path);
    await until(
      () => admin.request("GET", path),
      ({ status }) => status === 404,
    );
  }
  await applyDefinitions(admin, dir);
}

test("kubectl nvipam doctor: the cluster", { skip: skipUnless("apiserver"), timeout: 240_000 }, async (t) => {
  const api = await startApiServer(t, { crds: "none" });
  const { admin } = api;
  const plugin = makePlugin(t, api);
  const doctor = makeDoctor(t, api);
  await addNodes(api);

  await t.test("definitions that are missing, and rights that are", async (t) => {
    const { status, stdout } = await plugin("doctor", "--no-exec");
    t.equal(status, 1);
    t.match(
      stdout,
      /^ERROR +definitions +the CustomResourceDefinition ippools\.nv-ipam\.nvidia\.com is missing\n +→ apply the /m,
    );
    t.match(
      stdout,
      /service account kube-system\/nv-ipam-node may not "list", "watch" ippools in namespace kube-system: it learns of no pool/,
    );
    t.match(
      stdout,
      /nv-ipam-controller may not "update" cidrpools\/status in namespace kube-system: no node gets a block/,
    );
  });

  await t.test("definitions of the Go nv-ipam", async (t) => {
    await applyDefinitions(admin, definitions.go);
    const found = (await doctor("--no-exec")).filter(({ check }) => check === "definitions");
    t.match(found, [
      {
        severity: "warning",
        message: /^the CustomResourceDefinition ippools.* is an old one: .*allocatedNodes, conditions/,
      },
      { message: /cidrpools/ },
    ]);
    await replaceDefinitions(admin, definitions.ours);
    await applyRights(api);
    await until(
      () => doctor("--no-exec"),
      (list) => list.length === 0,
    );
  });

  await addDaemons(t, api);

  await t.test("nothing", async (t) => {
    const outcome = await plugin("doctor");
    t.same(outcome, { status: 0, stdout: "", stderr: "Nothing found: all is well.\n" });
  });

  await t.test("a verb that is missing", async (t) => {
    const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/nv-ipam-node";
    const { rules } = await admin.get<{ rules: { resources: string[]; verbs: string[] }[] }>(role);
    const less = rules.map((rule) =>
      rule.resources[0] === "pods" ? { ...rule, verbs: ["get", "list"] } : rule,
    );
    await finds(
      t,
      doctor,
      {
        breaks: () => admin.patch(role, { rules: less }),
        mends: () => admin.patch(role, { rules }),
      },
      {
        check: "rbac",
        severity: "error",
        message: /nv-ipam-node may not "watch" pods: stale/,
        fix: /ClusterRole/,
      },
    );
  });

  await t.test("a node without a block, and a selector that it does not match", async (t) => {
    const selector = { nodeSelectorTerms: [{ matchExpressions: [{ key: "pool", operator: "Exists" }] }] };
    await finds(
      t,
      doctor,
      {
        breaks: () => createNode(admin, "late"),
        mends: () =>
          admin.patch(poolPath(pool.kind, namespace, pool.name), { spec: { nodeSelector: selector } }),
      },
      { check: "pools", severity: "error", message: /1 node has no block: late$/, fix: /^make room/ },
    );
    await admin.delete("/api/v1/nodes/late");
    await setSpec(admin, pool, { nodeSelector: null });
  });

  await t.test("pools that overlap, are invalid, or that nobody has looked at", async (t) => {
    const second = { ...pool, name: "second" };
    const gone = () => admin.delete(poolPath(pool.kind, namespace, second.name));
    const make = (wide: string) => async () => {
      await createPool(admin, { ...second, spec: { ...spec, subnet: wide } });
      await setAllocations(admin, second, []);
    };
    const others = ["other", "worker"].map((nodeName, i) => {
      return { nodeName, startIP: `10.0.0.${20 * i + 1}`, endIP: `10.0.0.${20 * i + 20}` };
    });
    await finds(
      t,
      doctor,
      {
        breaks: async () => {
          await make("10.0.0.0/23")();
          await setAllocations(admin, second, others);
        },
        mends: gone,
      },
      {
        severity: "warning",
        message: /"pool1".* \(10\.0\.0\.0\/24\) and .*"second".* \(10\.0\.0\.0\/23\) overlap/,
      },
    );
    await finds(
      t,
      doctor,
      { breaks: make("nonsense"), mends: gone },
      { message: /"second".* is invalid: spec\.subnet: "nonsense"/ },
    );
    const ignored = () => createPool(admin, { ...second, spec: { ...spec, subnet: "10.9.0.0/24" } });
    await finds(
      t,
      doctor,
      { breaks: ignored, mends: gone },
      { message: /"second".* has no status: no controller/ },
    );
  });

  await t.test("an address at two pods on different nodes", async (t) => {
    await createNotedPod(admin, { name: "one", node: "worker", addresses: ["10.0.0.7"] });
    await finds(
      t,
      doctor,
      {
        breaks: () => createNotedPod(admin, { name: "two", node: "other", addresses: ["10.0.0.7"] }),
        mends: () => deletePod(admin, { namespace: "default", name: "two" }),
      },
      {
        check: "addresses",
        severity: "error",
        message: /address 10\.0\.0\.7 of pool "pool1".* by default\/one on worker and default\/two on other/,
      },
    );
  });

  await t.test("a node's clock", async (t) => {
    const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/other";
    await finds(
      t,
      doctor,
      {
        breaks: async () => {
          await admin.delete(lease);
          await renewNodeLease(admin, "other", -90_000);
        },
        mends: async () => {
          await admin.delete(lease);
          await renewNodeLease(admin, "other");
        },
      },
      { check: "clocks", node: "other", message: /clock is (89|90|91) s behind the API server's/ },
    );
  });

  await t.test("a controller that is silent", async (t) => {
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const name = "dd1643cf.nvidia.com";
    const renewTime = "2026-01-01T00:00:00.000000Z";
    await finds(
      t,
      doctor,
      {
        breaks: () =>
          admin.post(leases, { metadata: { name }, spec: { holderIdentity: "ctl-1", renewTime } }),
        mends: () => admin.delete(`${leases}/${name}`),
      },
      { check: "controller", severity: "error", message: /was renewed \d+ s ago, ctl-1 held it last/ },
    );
  });
});
