// SPDX-License-Identifier: Apache-2.0
// The test cluster itself: what other tests build upon.
import { existsSync } from "node:fs";
import { test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import {
  createNamespace,
  createNode,
  createPod,
  createPool,
  poolPath,
} from "../support/api-server-objects.ts";
import { makeClient } from "../support/api-server-request.ts";
import { cached, kubernetesVersions } from "../support/cache.ts";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";

const skip = skipUnless("apiserver");

/** What a watch says at once when it resumes from this version: the codes of its errors. */
async function watchErrors(server: ApiServer, path: string, resourceVersion: string): Promise<number[]> {
  const query = `watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
  const { status, text } = await server.admin.request("GET", `${path}?${query}`);
  const events = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { type?: string; object?: { code?: number } });
  if (status !== 200) return [status];
  return events.filter(({ type }) => type === "ERROR").map(({ object }) => object!.code!);
}

for (const version of kubernetesVersions) {
  test(`kube-apiserver ${version}: starts, serves the pools of the Go implementation, kubectl works`, {
    skip,
  }, async (t) => {
    const began = performance.now();
    const server = await startApiServer(t, { version, crds: "go" });
    t.comment(`ready after ${Math.round(performance.now() - began)} ms`);
    t.match(await server.admin.get("/version"), { gitVersion: `v${version}` });
    const namespace = await createNamespace(server.admin);
    await createNode(server.admin, "worker", { role: "net" });
    await createPod(server.admin, { namespace, name: "pod", nodeName: "worker" });
    const pool = await createPool(server.admin, {
      kind: "IPPool",
      namespace,
      name: "p",
      spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" },
    });
    const written = await server.admin.put(`${poolPath("IPPool", namespace, "p")}/status`, {
      ...pool,
      status: { allocations: [], conditions: [{ type: "Ready" }], observedGeneration: 1 },
    });
    t.same(written.status, { allocations: [] }, "these definitions drop what they do not know");
    const listed = await server.kubectl("get", "ippool,pod,node", "-n", namespace, "-o", "name");
    t.same(listed, { status: 0, stdout: "ippool.nv-ipam.nvidia.com/p\npod/pod\nnode/worker\n", stderr: "" });
    t.match(
      (await server.kubectl("get", "ippools", "-n", namespace)).stdout,
      /^NAME +SUBNET +GATEWAY +BLOCK SIZE\np /,
    );
  });
}

test("a user may do what its rules say and no more; the audit names it", { skip }, async (t) => {
  const server = await startApiServer(t, { crds: "none", audit: true });
  const { admin } = server;
  const namespace = await createNamespace(admin);
  await createNode(admin, "a");
  const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list"] }];
  const kubeconfig = await server.createUser("reader", rules);
  const kubectl = (...args: string[]) => run(cached.kubectl, [`--kubeconfig=${kubeconfig}`, ...args]);
  t.match(await kubectl("get", "node", "a", "-o", "name"), { status: 0, stdout: "node/a\n" });
  t.match((await kubectl("get", "pods", "-n", namespace)).stderr, /cannot list resource "pods"/);
  t.match((await kubectl("delete", "node", "a")).stderr, /cannot delete resource "nodes"/);
  const asked = server.requests().filter(({ resource }) => resource !== "");
  t.match(
    asked.map(({ user, verb, resource, code }) => [user, verb, resource, code]),
    [
      ["reader", "get", "nodes", 200],
      ["reader", "list", "pods", 403],
      ["reader", "delete", "nodes", 403],
    ],
  );
  const nobody = makeClient({
    port: server.port,
    ca: server.authority.cert,
    pair: server.authority.issueClient(server.dir, "nobody"),
  });
  t.teardown(() => nobody.close());
  t.equal((await nobody.request("GET", "/api/v1/nodes")).status, 403);
});

test("killed, started, compacted, paused", { skip }, async (t) => {
  const server = await startApiServer(t, { crds: "go" });
  const { admin } = server;
  const namespace = await createNamespace(admin);
  const spec = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 };
  const first = await createPool(admin, { kind: "IPPool", namespace, name: "a", spec });
  await createPool(admin, { kind: "IPPool", namespace, name: "b", spec });
  const path = poolPath("IPPool", namespace);
  const old = first.metadata.resourceVersion;
  t.same(await watchErrors(server, path, old), [], "nothing is forgotten yet");
  const page = await admin.get<{ metadata: { continue: string } }>(`${path}?limit=1`);
  const rest = `${path}?limit=1&continue=${encodeURIComponent(page.metadata.continue)}`;
  t.equal((await admin.request("GET", rest)).status, 200);

  await server.kill();
  await t.rejects(admin.get(path), { code: "ECONNREFUSED" });
  await server.start();
  await createPool(admin, { kind: "IPPool", namespace, name: "c", spec });
  await server.compact();
  t.equal((await admin.request("GET", rest)).status, 410, "a list that continues from before the compaction");
  await server.kill();
  await server.start();
  const names = (await admin.get<{ items: { metadata: { name: string } }[] }>(path)).items;
  t.same(
    names.map(({ metadata }) => metadata.name),
    ["a", "b", "c"],
    "the data stays",
  );
  t.same(await watchErrors(server, path, old), [410]);

  await server.pause();
  let answered = false;
  const answer = admin.get(path).finally(() => {
    answered = true;
  });
  await new Promise((done) => setTimeout(done, 100));
  t.equal(answered, false, "paused: no answer");
  server.resume();
  await answer;
});

test("everything ends with the test", { skip }, async (t) => {
  const ends: (() => unknown)[] = [];
  const server = await startApiServer({ teardown: (end) => ends.push(end) }, { crds: "none" });
  for (const end of ends) await end();
  t.equal(existsSync(server.dir), false);
  await t.rejects(server.admin.get("/readyz"), { code: "ECONNREFUSED" });
});
