// SPDX-License-Identifier: Apache-2.0
// The admission policy against our own validation: it may let more through, listed here, and never less.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { parseAllDocuments } from "yaml";
import { manifest, problemsOf } from "../pool/read.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNamespace, poolPath } from "../support/api-server-objects.ts";
import type { Client } from "../support/api-server-request.ts";
import { kubernetesVersions } from "../support/cache.ts";
import { skipUnless } from "../support/layers.ts";
import { type PoolSpec, poolSpecs } from "./pool-specs.ts";

const file = resolve(import.meta.dirname, "../../install/policy/validating-admission-policy.yaml");
const GROUP = "/apis/admissionregistration.k8s.io/v1";

/** What CEL reads otherwise than Go's net package, so that the policy says nothing of it. */
const unread = /ffff:|\/0\d/i;

type Policy = { readonly kind: string; readonly metadata: object; readonly spec: Record<string, unknown> };

/** Installs the policy and waits until it is in force. `failurePolicy: "Fail"`: an error in an expression shows as a refusal. */
async function installPolicy(admin: Client, change: Record<string, unknown>): Promise<void> {
  const [policy, binding] = parseAllDocuments(readFileSync(file, "utf8")).map((it) => it.toJS() as Policy);
  await admin.post(`${GROUP}/validatingadmissionpolicies`, {
    ...policy,
    spec: { ...policy!.spec, ...change },
  });
  await admin.post(`${GROUP}/validatingadmissionpolicybindings`, binding);
  const bad = { kind: "IPPool", spec: { subnet: "x", perNodeBlockSize: 1 } } as const;
  while ((await dryRun(admin, "default", bad)).status === 201) await sleep(50);
}

async function dryRun(admin: Client, namespace: string, { kind, spec }: PoolSpec) {
  const object = manifest(kind, spec);
  const { status, text } = await admin.request("POST", `${poolPath(kind, namespace)}?dryRun=All`, object);
  return { status, message: String((JSON.parse(text) as { message?: unknown }).message) };
}

for (const version of kubernetesVersions) {
  test(`Kubernetes ${version}`, { skip: skipUnless("apiserver") }, async (t) => {
    const api = await startApiServer(t, { version });
    await installPolicy(api.admin, { failurePolicy: "Fail" });
    await t.test("decides as our validation does", (t) => compare(t, api));
    await t.test("what is there already", (t) => updates(t, api));
  });
}

test("as installed, with what costs too much", { skip: skipUnless("apiserver") }, async (t) => {
  const api = await startApiServer(t);
  await installPolicy(api.admin, {});
  const exclusion = (i: number) => ({
    startIP: `10.0.${i >> 8}.${i & 255}`,
    endIP: `10.0.${i >> 8}.${i & 255}`,
  });
  const wide = { subnet: "10.0.0.0/8", perNodeBlockSize: 10 };
  const many = (length: number) => Array.from({ length }, (_, i) => exclusion(i));
  const outside = { startIP: "11.0.0.0", endIP: "11.0.0.0" };
  for (const count of [100, 101, 999, 20_000]) {
    const spec = { ...wide, exclusions: many(count) };
    const startedMs = performance.now();
    t.equal(
      (await dryRun(api.admin, "default", { kind: "IPPool", spec })).status,
      201,
      `${count} exclusions`,
    );
    t.ok(performance.now() - startedMs < 5000, "decided soon, however many");
    const wrong = { ...wide, exclusions: [...many(count), outside] };
    const { status } = await dryRun(api.admin, "default", { kind: "IPPool", spec: wrong });
    t.equal(status, count < 1000 ? 422 : 201, `${count} exclusions and one outside`);
  }
  const statics = Array.from({ length: 5000 }, (_, i) => ({
    nodeName: `n${i}`,
    prefix: `10.${i >> 8}.${i & 255}.0/24`,
  }));
  for (const count of [300, 301, 5000]) {
    const spec = { cidr: "10.0.0.0/8", perNodeNetworkPrefix: 24, staticAllocations: statics.slice(0, count) };
    t.equal((await dryRun(api.admin, "default", { kind: "CIDRPool", spec })).status, 201, `${count} statics`);
  }
  const broken = Array.from({ length: 500 }, () => ({ startIP: "x", endIP: "y" }));
  const long = await dryRun(api.admin, "default", { kind: "IPPool", spec: { ...wide, exclusions: broken } });
  t.equal(long.status, 422);
  t.match(long.message, /spec: its fields contradict each other in more places than can be listed here/);
});

async function compare(t: Test, { admin }: ApiServer): Promise<void> {
  const namespace = await createNamespace(admin);
  let refusals = 0;
  for (const pool of poolSpecs) {
    const what = `${pool.kind} ${JSON.stringify(pool.spec)}`;
    const problems = problemsOf(manifest(pool.kind, pool.spec));
    const { status, message } = await dryRun(admin, namespace, pool);
    if (problems.length === 0) {
      t.equal(status, 201, `takes ${what}: ${status === 201 ? "" : message}`);
    } else if (!unread.test(what)) {
      refusals++;
      t.equal(status, 422, `refuses ${what}`);
      const fields = problems.map((problem) => /^spec\.\w+/.exec(problem)?.[0] ?? problem);
      for (const field of fields) t.match(message, field, `${what} names ${field}`);
    }
  }
  t.ok(refusals > 100, "the table has enough of both");
}

async function updates(t: Test, { admin, kubectl }: ApiServer): Promise<void> {
  const namespace = await createNamespace(admin);
  const path = `${poolPath("IPPool", namespace)}/p`;
  // A pool that was there, invalid, before the policy was.
  await admin.delete(`${GROUP}/validatingadmissionpolicybindings/pools.nv-ipam.nvidia.com`);
  const bad = manifest("IPPool", { subnet: "10.0.0.0/24", perNodeBlockSize: 300, gateway: "10.1.0.1" });
  while ((await admin.request("POST", poolPath("IPPool", namespace), bad)).status !== 201) await sleep(50);
  const [, binding] = parseAllDocuments(readFileSync(file, "utf8")).map((it) => it.toJS() as Policy);
  await admin.post(`${GROUP}/validatingadmissionpolicybindings`, binding);
  const edit = { spec: { defaultGateway: true } };
  while ((await admin.request("PATCH", `${path}?dryRun=All`, edit)).status !== 422) await sleep(50);

  const pool = await admin.patch(path, { metadata: { labels: { a: "b" }, finalizers: ["example.com/f"] } });
  await admin.put(`${path}/status`, { ...pool, status: { allocations: [] } });
  const refused = await kubectl(
    "patch",
    "ippool",
    "p",
    "-n",
    namespace,
    "--type=merge",
    "-p",
    JSON.stringify(edit),
  );
  t.equal(refused.status, 1);
  t.match(
    refused.stderr,
    /spec\.perNodeBlockSize: is more than the 254 usable .*; spec\.gateway: 10\.1\.0\.1 is not an/,
  );
  await admin.delete(path);
  await admin.patch(path, { metadata: { finalizers: null } });
  t.equal((await admin.request("GET", path)).status, 404, "deleted, with its finalizer");
}
