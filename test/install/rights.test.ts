// SPDX-License-Identifier: Apache-2.0
// The service accounts of install/ may do all that daemon and controller do, and nothing else: each runs with its own token
// through everything it asks of the API. A request that is refused fails the test, and so does a right that nobody used.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { type RunningController, startController } from "../controller/running-controller.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { addressOf } from "../support/cni.ts";
import { makeSite } from "../support/daemon.ts";
import { callForPod, runPod, startKubeDaemon, until } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { kubectlWith } from "./applying.ts";
import { type Manifest, readManifests, renderOverlay } from "./rendering.ts";

const namespace = "kube-system";

type Rule = { readonly resources: readonly string[]; readonly verbs: readonly string[] };

/** A kubeconfig with the account's token. */
async function kubeconfigOf(api: ApiServer, account: string): Promise<string> {
  const { stdout } = await api.kubectl("create", "token", account, "-n", namespace);
  const file = join(api.dir, `${account}.kubeconfig`);
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "it" },
    contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    clusters: [{ name: "it", cluster: { server: api.url, "certificate-authority": api.caFile } }],
    users: [{ name: "it", user: { token: stdout.trim() } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** "verb resource" of every rule of the account's roles. */
function rightsOf(manifests: readonly Manifest[], account: string): string[] {
  const rules = manifests
    .filter(({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && metadata.name === account)
    .flatMap((role) => role.rules as readonly Rule[]);
  const pairs = rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );
  return [...new Set(pairs)].sort();
}

/** "verb resource" of all that the account has asked. */
function askedBy(api: ApiServer, account: string): { all: string[]; refused: string[] } {
  const requests = api
    .requests()
    .filter(({ user, resource }) => user.endsWith(`:${account}`) && resource !== "")
    .map(({ verb, resource, subresource, code }) => ({
      ...{ code, text: `${verb} ${resource}${subresource && `/${subresource}`}` },
    }));
  const unique = (list: readonly { readonly text: string }[]) =>
    [...new Set(list.map(({ text }) => text))].sort();
  return { all: unique(requests), refused: unique(requests.filter(({ code }) => code === 403)) };
}

type Event = { readonly reason: string; readonly count: number };

async function untilEvent(api: ApiServer, reason: string, count: number): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/events`;
  await until(
    () => api.admin.get<{ items: Event[] }>(path),
    ({ items }) => items.some((event) => event.reason === reason && event.count >= count),
  );
}

/** Two lives, because only a second one finds events that it has not made itself. */
async function liveAsController(t: Test, api: ApiServer): Promise<RunningController> {
  const kubeconfig = await kubeconfigOf(api, "nv-ipam-controller");
  const flags = ["--leader-elect=true", `--leader-elect-namespace=${namespace}`];
  const start = () => startController(t, { kubeconfig, namespace, flags });
  const first = await start();
  const invalid = { subnet: "10.9.0.0/24", perNodeBlockSize: 10, gateway: "10.1.0.1" };
  await createPool(api.admin, { kind: "IPPool", namespace, name: "invalid", spec: invalid });
  await untilEvent(api, "InvalidSpec", 1);
  t.equal(await first.end("SIGTERM"), 0);
  await api.admin.patch(poolPath("IPPool", namespace, "invalid"), { spec: { routes: [] } });
  const second = await start();
  await untilEvent(api, "InvalidSpec", 2);
  return second;
}

async function untilAllocated(api: ApiServer, kind: "IPPool" | "CIDRPool", name: string): Promise<void> {
  const path = poolPath(kind, namespace, name);
  await until(
    () => api.admin.get(path),
    ({ status }) => (status as { allocations?: unknown[] } | undefined)?.allocations?.length === 1,
  );
}

async function liveAsDaemon(t: Test, api: ApiServer): Promise<void> {
  const kubeconfig = await kubeconfigOf(api, "nv-ipam-node");
  const { dir } = makeSite(t);
  const flags = ["--cleaner-interval=1"];
  const start = () => startKubeDaemon(t, { kubeconfig, namespace, flags, dir });
  const call = { namespace, poolName: "one", poolType: "ippool" } as const;
  const first = await start();
  await runPod(api, namespace, "holder");
  await runPod(api, namespace, "waiter");
  t.equal(addressOf(await callForPod(first, { ...call, pod: "holder" })), "10.0.0.1/24");
  const both = { ...call, poolName: "many", poolType: "cidrpool" } as const;
  t.match(addressOf(await callForPod(first, { ...both, pod: "gone" })), /^10\.8\./);
  t.match((await callForPod(first, { ...call, pod: "waiter" })).stdout, /ResourceExhausted/);
  await untilEvent(api, "NoFreeAddresses", 1);
  // The pod "gone" is nowhere: the daemon asks for it.
  await until(
    () => Promise.resolve(askedBy(api, "nv-ipam-node")),
    ({ all }) => all.includes("get pods"),
  );
  t.equal(await first.end("SIGTERM"), 0);
  const second = await start();
  t.match((await callForPod(second, { ...call, pod: "waiter" })).stdout, /ResourceExhausted/);
  await untilEvent(api, "NoFreeAddresses", 2);
  t.equal(await second.end("SIGTERM"), 0);
}

test("daemon and controller with the rights of install/", { skip: skipUnless("apiserver") }, async (t) => {
  const api = await startApiServer(t, { crds: "none", audit: true });
  const text = await renderOverlay("no-webhook");
  await kubectlWith(t, api, text, ["apply"]);
  await createNode(api.admin, "worker");
  const controller = await liveAsController(t, api);
  const one = { subnet: "10.0.0.0/24", perNodeBlockSize: 1 };
  await createPool(api.admin, { kind: "IPPool", namespace, name: "one", spec: one });
  const many = { cidr: "10.8.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };
  await createPool(api.admin, { kind: "CIDRPool", namespace, name: "many", spec: many });
  await untilAllocated(api, "IPPool", "one");
  await untilAllocated(api, "CIDRPool", "many");
  await liveAsDaemon(t, api);
  t.equal(await controller.end("SIGTERM"), 0);

  const manifests = readManifests(text);
  for (const account of ["nv-ipam-node", "nv-ipam-controller"]) {
    const { all, refused } = askedBy(api, account);
    t.same(refused, [], `${account}: nothing was refused`);
    t.same(all, rightsOf(manifests, account), `${account}: no right is unused`);
  }
});
