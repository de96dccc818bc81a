// SPDX-License-Identifier: Apache-2.0
// The webhook as API servers of every supported version call it.
import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNamespace, createPool, poolPath } from "../support/api-server-objects.ts";
import { kubernetesVersions } from "../support/cache.ts";
import { skipUnless } from "../support/layers.ts";
import {
  CIDRPOOL_PATH,
  IPPOOL_PATH,
  makePair,
  mountPair,
  type RunningWebhook,
  runWebhook,
} from "./webhook-fixture.ts";

const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const one = makePair("one");
const two = makePair("two");
const good = { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" };
const bad = { subnet: "10.0.0.0/24", perNodeBlockSize: 300, gateway: "10.1.0.1", routes: [{ dst: "x" }] };

function webhookFor(resource: string, url: string) {
  return {
    name: `validate-${resource}.nv-ipam.nvidia.com`,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Fail",
    timeoutSeconds: 5,
    clientConfig: { url, caBundle: Buffer.from(one.cert + two.cert).toString("base64") },
    rules: [
      {
        apiGroups: ["nv-ipam.nvidia.com"],
        apiVersions: ["v1alpha1"],
        operations: ["CREATE", "UPDATE"],
        resources: [`${resource}s`],
      },
    ],
  };
}

/** Points the API server to the webhook and waits until it calls it: its answer, or that there is none. */
async function register({ admin }: ApiServer, { port }: RunningWebhook, called: RegExp): Promise<void> {
  const at = `https://127.0.0.1:${port}`;
  await admin.post(CONFIGURATIONS, {
    metadata: { name: "nv-ipam" },
    webhooks: [webhookFor("ippool", at + IPPOOL_PATH), webhookFor("cidrpool", at + CIDRPOOL_PATH)],
  });
  const probe = {
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind: "IPPool",
    metadata: { name: "probe" },
    spec: bad,
  };
  const path = `${poolPath("IPPool", "default")}?dryRun=All`;
  while (!called.test((await admin.request("POST", path, probe)).text)) await sleep(50);
}

/** The manifest of an IPPool as a file, and kubectl apply of it: the way a user edits. */
function apply(t: Test, { kubectl }: ApiServer, place: { namespace: string; name: string }, spec: object) {
  const manifest = { apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind: "IPPool", metadata: place, spec };
  const dir = t.testdir({ "pool.json": JSON.stringify(manifest) });
  return kubectl("apply", "-f", `${dir}/pool.json`);
}

for (const version of kubernetesVersions) {
  test(`Kubernetes ${version}`, { skip: skipUnless("apiserver") }, async (t) => {
    const api = await startApiServer(t, { version });
    const webhook = await runWebhook(t, one);
    const namespace = await createNamespace(api.admin);
    await createPool(api.admin, { kind: "IPPool", namespace, name: "old", spec: bad });
    await register(api, webhook, /denied the request/);
    await t.test("an invalid edit is refused with all field errors at once", (t) =>
      refused(t, api, namespace),
    );
    await t.test("a valid edit that moves blocks is warned of", (t) => warned(t, api, namespace));
    await t.test("an invalid pool from before", (t) => before(t, api, namespace));
    await t.test("certificates change under way", (t) => rotated(t, api, { namespace, webhook }));
  });
}

async function refused(t: Test, api: ApiServer, namespace: string): Promise<void> {
  const place = { namespace, name: "refused" };
  const created = await apply(t, api, place, good);
  t.equal(created.status, 0, created.stderr);
  const edited = await apply(t, api, place, bad);
  t.equal(edited.status, 1);
  for (const problem of [
    'The IPPool "refused" is invalid',
    "spec.perNodeBlockSize: 300 is more than the 254 usable addresses of 10.0.0.0/24",
    "spec.gateway: 10.1.0.1 is not an address of 10.0.0.0/24",
    'spec.routes[0].dst: "x" is not a network as ADDRESS/LENGTH',
  ]) {
    t.ok(edited.stderr.includes(problem), `${problem}\nin ${edited.stderr}`);
  }
  const { spec } = await api.admin.get(poolPath("IPPool", namespace, "refused"));
  t.same(spec, good, "nothing changed");
  const wrong = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 33, gatewayIndex: -1 };
  await t.rejects(createPool(api.admin, { kind: "CIDRPool", namespace, name: "c", spec: wrong }), {
    status: 422,
    message:
      /admission webhook .*validate-cidrpool.*denied the request: spec\.perNodeNetworkPrefix: 33 .*; spec\.gatewayIndex: -1/,
  });
  const generated = { metadata: { generateName: "pool-" }, spec: good };
  const kind = { apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind: "IPPool" };
  await api.admin.post(poolPath("IPPool", namespace), { ...kind, ...generated });
}

async function warned(t: Test, api: ApiServer, namespace: string): Promise<void> {
  const place = { namespace, name: "warned" };
  await apply(t, api, place, good);
  const path = poolPath("IPPool", namespace, "warned");
  const allocations = [
    { nodeName: "a", startIP: "10.0.0.1", endIP: "10.0.0.10" },
    { nodeName: "b", startIP: "10.0.0.11", endIP: "10.0.0.20" },
  ];
  await api.admin.put(`${path}/status`, { ...(await api.admin.get(path)), status: { allocations } });
  const silent = await apply(t, api, place, { ...good, defaultGateway: true });
  t.equal(silent.status, 0, silent.stderr);
  t.notMatch(silent.stderr, /get another block/);
  const moving = await apply(t, api, place, { ...good, perNodeBlockSize: 20 });
  t.equal(moving.status, 0, moving.stderr);
  t.match(
    moving.stderr,
    /Warning: spec\.defaultGateway, spec\.perNodeBlockSize: 2 of 2 nodes get another block; /,
  );
  t.notMatch(moving.stderr, /truncated/);
}

async function before(t: Test, { admin, kubectl }: ApiServer, namespace: string): Promise<void> {
  const path = poolPath("IPPool", namespace, "old");
  const pool = await admin.patch(path, { metadata: { labels: { a: "b" }, finalizers: ["example.com/f"] } });
  await admin.put(`${path}/status`, { ...pool, status: { allocations: [] } });
  const edit = JSON.stringify({ spec: { defaultGateway: true } });
  const edited = await kubectl("patch", "ippool", "old", "-n", namespace, "--type=merge", "-p", edit);
  t.equal(edited.status, 1);
  t.match(edited.stderr, /spec\.gateway: 10\.1\.0\.1 is not an address/);
  await admin.delete(path);
  await admin.patch(path, { metadata: { finalizers: null } });
  t.equal((await admin.request("GET", path)).status, 404, "deleted, with its finalizer");
}

async function rotated(
  t: Test,
  { admin }: ApiServer,
  { namespace, webhook }: { readonly namespace: string; readonly webhook: RunningWebhook },
): Promise<void> {
  let edits = 0;
  await createPool(admin, { kind: "IPPool", namespace, name: "rotated", spec: good });
  const path = poolPath("IPPool", namespace, "rotated");
  const edit = async () => admin.patch(path, { spec: { perNodeBlockSize: 11 + edits++ } });
  await edit();
  mountPair(webhook.dir, "..2", { cert: two.cert, key: one.key });
  await webhook.tick();
  await edit();
  mountPair(webhook.dir, "..3", two);
  await webhook.tick();
  await edit();
  // The API server makes a new connection for a new configuration, so this one sees the new certificate.
  await admin.patch(
    `${CONFIGURATIONS}/nv-ipam`,
    [
      {
        op: "replace",
        path: "/webhooks/0/clientConfig/caBundle",
        value: Buffer.from(two.cert).toString("base64"),
      },
    ],
    "application/json-patch+json",
  );
  await edit();
  await t.rejects(admin.patch(path, { spec: { perNodeBlockSize: 500 } }), { status: 422, message: /denied/ });
  t.match(
    webhook.events.filter(({ level }) => level === "warn"),
    [{ fields: { problem: "tls.key is not the key of tls.crt" } }],
  );
}

test("without a certificate edits fail; they work once it is there", {
  skip: skipUnless("apiserver"),
}, async (t) => {
  const api = await startApiServer(t);
  const webhook = await runWebhook(t);
  await register(api, webhook, /failed calling webhook/);
  t.match(webhook.notReady(), /no certificate yet/);
  const pool = { kind: "IPPool", namespace: "default", name: "p", spec: good } as const;
  await t.rejects(createPool(api.admin, pool), { status: 500, message: /failed calling webhook/ });
  mountPair(webhook.dir, "..1", one);
  await webhook.tick();
  await createPool(api.admin, pool);
});
