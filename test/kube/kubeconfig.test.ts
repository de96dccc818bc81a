// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { test } from "tap";
import { stringify } from "yaml";
import { findAccess } from "../../lib/kube/access.ts";
import { until } from "./cluster-fixture.ts";

type Written = Readonly<Record<string, unknown>>;

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig with one cluster and one user. */
function kubeconfig(user: Written, cluster: Written = {}, name = "a"): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: `https://${name}.example:6443`, ...cluster } }],
    users: [{ name, user }],
  });
}

function nowhere(dir: string, env: NodeJS.ProcessEnv = {}) {
  return { env, serviceAccountDir: join(dir, "none"), home: dir };
}

const files = { "ca.crt": "CA", "c.crt": "CERT", "c.key": "KEY" };

for (const [what, [user, cluster]] of Object.entries({
  "certificates in files": [
    { "client-certificate": "c.crt", "client-key": "c.key" },
    { "certificate-authority": "ca.crt" },
  ],
  "certificates in place": [
    { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") },
    { "certificate-authority-data": base64("CA") },
  ],
  "a token": [{ token: "secret" }, { "tls-server-name": "kubernetes" }],
  "somebody else": [{ token: "secret", as: "alice" }, { "insecure-skip-tls-verify": true }],
} as Record<string, [Written, Written]>)) {
  test(`as client-node reads it: ${what}`, async (t) => {
    const path = join(t.testdir({ ...files, config: kubeconfig(user, cluster) }), "config");
    const access = await findAccess({ kubeconfig: path });
    const oracle = new KubeConfig();
    oracle.loadFromFile(path);
    const options: RequestOptions = {};
    await oracle.applyToHTTPSOptions(options);
    const { agent: _ours, headers = {}, ...trust } = options;
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    t.strictSame(await access.load(), { ...trust, headers: Object.fromEntries(lower) });
    t.equal(access.server.href, "https://a.example:6443/");
    t.equal(access.origin, path);
  });
}

test("a tokenFile counts before a token, is relative to the file, and read each time", async (t) => {
  const dir = t.testdir({ config: kubeconfig({ tokenFile: "t", token: "other" }), t: "one\n" });
  const access = await findAccess({ kubeconfig: join(dir, "config") });
  t.match(await access.load(), { headers: { authorization: "Bearer one" } });
  writeFileSync(join(dir, "t"), "two\n");
  t.match(await access.load(), { headers: { authorization: "Bearer two" } });
});

test("an exec plugin's token is kept until it is refused", async (t) => {
  const script = `#!/bin/sh
echo x >> "$(dirname "$0")/calls"
test -n "$KUBERNETES_EXEC_INFO" || exit 3
echo '{"kind":"ExecCredential","status":{"token":"'"$PREFIX-$(wc -l < "$(dirname "$0")/calls" | tr -d ' ')"'"}}'
`;
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "./plugin",
    env: [{ name: "PREFIX", value: "p" }],
  };
  const dir = t.testdir({ plugin: script, config: kubeconfig({ exec }) });
  chmodSync(join(dir, "plugin"), 0o755);
  const access = await findAccess({ kubeconfig: join(dir, "config") });
  t.match(await access.load(), { headers: { authorization: "Bearer p-1" } });
  t.match(await access.load(), { headers: { authorization: "Bearer p-1" } });
  access.forget();
  t.match(await access.load(), { headers: { authorization: "Bearer p-2" } });
  writeFileSync(join(dir, "plugin"), "#!/bin/sh\necho expired >&2; exit 1\n");
  access.forget();
  await t.rejects(access.load(), {
    message: /^the exec plugin ".*\/plugin" of user "a" failed/,
    cause: /expired/,
  });
});

test("an exec plugin that hangs is ended", async (t) => {
  const script = `#!/bin/sh
echo $$ > "$(dirname "$0")/new" && mv "$(dirname "$0")/new" "$(dirname "$0")/pid"
exec sleep 1000
`;
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin" };
  const dir = t.testdir({ plugin: script, config: kubeconfig({ exec }) });
  chmodSync(join(dir, "plugin"), 0o755);
  const access = await findAccess({ kubeconfig: join(dir, "config") });
  const limit = new AbortController();
  const refused = t.rejects(access.load(limit.signal), /^the exec plugin ".*\/plugin" of user "a" failed/);
  await until(() => existsSync(join(dir, "pid")));
  limit.abort();
  await refused;
  const pid = Number(readFileSync(join(dir, "pid"), "utf8"));
  t.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});

test("the order: asked for, KUBECONFIG, pod, home", async (t) => {
  const user = { token: "t" };
  const dir = t.testdir({
    asked: kubeconfig(user, {}, "asked"),
    one: kubeconfig(user, {}, "one"),
    two: kubeconfig({ token: "two" }, {}, "two").replace("current-context: two", "current-context: one"),
    users: stringify({ users: [{ name: "one", user: { token: "later" } }] }),
    pod: { token: "t", "ca.crt": "CA" },
    ".kube": { config: kubeconfig(user, {}, "home") },
  });
  const path = (name: string): string => join(dir, name);
  const inPod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  const all = { ...nowhere(dir, { ...inPod, KUBECONFIG: path("one") }), serviceAccountDir: path("pod") };
  const where = async (options: Parameters<typeof findAccess>[0]) =>
    (await findAccess(options)).server.hostname;
  t.equal(await where({ kubeconfig: path("asked"), surroundings: all }), "asked.example");
  t.equal(await where({ surroundings: all }), "one.example");
  t.equal(await where({ surroundings: { ...all, env: inPod } }), "10.0.0.1");
  t.equal(await where({ surroundings: nowhere(dir) }), "home.example");

  const listed = `${path("missing")}:${path("two")}:${path("one")}:${path("users")}`;
  const merged = await findAccess({ surroundings: nowhere(dir, { KUBECONFIG: listed }) });
  t.equal(merged.server.hostname, "one.example", "several files are laid over each other");
  t.match(await merged.load(), { headers: { authorization: "Bearer t" } }, "the first one counts");
});

for (const [what, text, message] of [
  ["no YAML", "a: [", /^kubeconfig .*config is not valid: /],
  ["no object", "text", /is not valid: it holds no object/],
  ["no context", stringify({ contexts: [] }), /: current-context is not set$/],
  [
    "an unknown context",
    stringify({ "current-context": "x" }),
    /: current-context "x" is not among its contexts$/,
  ],
  ["an unknown user", kubeconfig({}).replace("user: a", "user: b"), /names the unknown user "b"$/],
  [
    "an unknown cluster",
    kubeconfig({}).replace("cluster: a", "cluster: b"),
    /names the unknown cluster "b"$/,
  ],
  ["no server", kubeconfig({}, { server: "" }), /is not valid: clusters\[0\]\.cluster\.server is missing$/],
  [
    "a server that is no URL",
    kubeconfig({}, { server: "here" }),
    /: server "here" of cluster "a" is no URL$/,
  ],
  ["a proxy", kubeconfig({}, { "proxy-url": "http://p" }), /: proxy-url of cluster "a" is not supported$/],
  [
    "an old provider",
    kubeconfig({ "auth-provider": { name: "gcp" } }),
    /is not supported: use an exec plugin$/,
  ],
  [
    "a missing file",
    kubeconfig({}, { "certificate-authority": "no" }),
    /^certificate-authority of cluster "a" cannot be read/,
  ],
] as const) {
  test(`one line that says what is wrong: ${what}`, async (t) => {
    const dir = t.testdir({ config: text });
    const error = await findAccess({ kubeconfig: join(dir, "config") }).catch((caught: Error) => caught);
    t.match((error as Error).message, message);
    t.notMatch((error as Error).message, /\n/);
  });
}

test("nothing at all", async (t) => {
  const dir = t.testdir();
  await t.rejects(findAccess({ kubeconfig: join(dir, "x") }), {
    message: `kubeconfig ${dir}/x: no such file`,
  });
  await t.rejects(findAccess({ kubeconfig: dir }), { message: `kubeconfig ${dir} cannot be read` });
  await t.rejects(
    findAccess({ surroundings: nowhere(dir, { KUBECONFIG: `${dir}/x` }) }),
    /^KUBECONFIG=.*: no such file/,
  );
  await t.rejects(
    findAccess({ surroundings: nowhere(dir) }),
    /this is no pod \(KUBERNETES_SERVICE_HOST is not set\), there is no .*\.kube\/config; name a kubeconfig file/,
  );
});
