// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "tap";
import { findAccess } from "../../lib/kube/access.ts";
import { createCluster } from "../../lib/kube/cluster.ts";
import { makeAuthority } from "../support/api-server-certificates.ts";
import { skipUnless } from "../support/layers.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { sendStatus, startScriptedApi } from "./scripted-api.ts";

/** As kubelet mounts it: links to ..data/NAME, and ..data a link that is swapped. */
function mount(dir: string, version: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(dir, version));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, version, name), content);
  symlinkSync(version, join(dir, "..data_tmp"));
  renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
}

const nodes = { verb: "list", resource: { group: "", version: "v1", plural: "nodes" } } as const;

test("token and CA that are renewed in a pod", { skip: skipUnless("apiserver") }, async (t) => {
  const dir = t.testdir();
  const [old, fresh] = ["old", "fresh"].map((name) => {
    mkdirSync(join(dir, name));
    const authority = makeAuthority(join(dir, name));
    return { ca: authority.cert, ...authority.issueServer(join(dir, name), ["IP:127.0.0.1"]) };
  });
  const tokens: unknown[] = [];
  const server = createServer({ cert: old!.cert, key: old!.key }, (request, response) => {
    tokens.push(request.headers.authorization);
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });

  const mounted = join(dir, "serviceaccount");
  mkdirSync(mounted);
  mount(mounted, "v1", { token: "one\n", "ca.crt": old!.ca });
  for (const name of ["token", "ca.crt"]) symlinkSync(`..data/${name}`, join(mounted, name));
  const port = String((server.address() as AddressInfo).port);
  const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: port };
  const access = await findAccess({ surroundings: { env, serviceAccountDir: mounted, home: dir } });
  t.equal(access.origin, "in-cluster");
  const { log, events } = recordingLog();
  const cluster = createCluster(access, log, { maxAgeMs: 0 });
  t.teardown(() => cluster.close());
  await cluster.call(nodes);

  server.setSecureContext({ cert: fresh!.cert, key: fresh!.key });
  server.closeAllConnections();
  await t.rejects(
    cluster.call(nodes),
    /cannot reach the API server/,
    "a server of another CA is not trusted",
  );
  mount(mounted, "v2", { token: "two\n", "ca.crt": fresh!.ca });
  await cluster.call(nodes);
  t.strictSame(tokens, ["Bearer one", "Bearer two"]);

  mount(mounted, "v3", { token: "", "ca.crt": fresh!.ca });
  await cluster.call(nodes);
  await cluster.call(nodes);
  t.equal(tokens.at(-1), "Bearer two", "the last good token stays in use");
  t.equal(events.length, 1, "and that is said once");
  t.match(events[0]?.fields?.error, /token cannot be read: .*serviceaccount\/token is empty/);
});

test("refused credentials are read again at once", async (t) => {
  let load = 0;
  let isRenewed = false;
  const api = await startScriptedApi(t, ({ headers }, response) => {
    if (headers.authorization === "Bearer good") response.end("{}");
    else sendStatus(response, 401, "Unauthorized");
  });
  const access = {
    server: new URL(api.url),
    origin: "test",
    load: async () => ({ headers: { authorization: `Bearer ${isRenewed ? "good" : `bad ${load++}`}` } }),
    forget: () => undefined,
  };
  const cluster = createCluster(access, silentLog, { maxAgeMs: 1e9, atMostEveryMs: 0 });
  t.teardown(() => cluster.close());
  await t.rejects(cluster.call(nodes), { status: 401, message: /the credentials are not accepted/ });
  t.equal(api.asked.length, 2, "two tries, no more");
  isRenewed = true;
  await cluster.call(nodes);
  await cluster.call(nodes);
  t.equal(api.asked.length, 5);
});

test("a pod without a token", async (t) => {
  const dir = t.testdir({ home: { ".kube": {} } });
  const env = { KUBERNETES_SERVICE_HOST: "::1", KUBERNETES_SERVICE_PORT: "443" };
  const surroundings = { env, serviceAccountDir: join(dir, "none"), home: join(dir, "home") };
  await t.rejects(
    findAccess({ surroundings }),
    /^no access to a Kubernetes API: this pod has no service account token \(.*\/none\/token; is automountServiceAccountToken false\?\)/,
  );
  mkdirSync(join(dir, "none"));
  writeFileSync(join(dir, "none", "token"), "t");
  await t.rejects(findAccess({ surroundings }), {
    message: "the cluster's CA cannot be read",
    cause: { code: "ENOENT" },
  });
  writeFileSync(join(dir, "none", "ca.crt"), readFileSync(import.meta.filename));
  t.equal((await findAccess({ surroundings })).server.href, "https://[::1]/");
});
