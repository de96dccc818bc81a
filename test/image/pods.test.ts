// SPDX-License-Identifier: Apache-2.0
// The pods of install/base run from the image: with the manifests' arguments, mounts, users and capabilities, on a read-only
// root, without new privileges, with a plugin directory that belongs to somebody else.
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { addressOf, callPlugin } from "../support/cni.ts";
import { runPod, until } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import type { Namespace } from "../support/namespaces.ts";
import { type Container, compileConfine, type Runtime, startContainer } from "./container.ts";
import { makeDirectory, makeImage, repository } from "./image.ts";
import { makeHostPaths, type PodManifest, pods, type RunSpec, specOf } from "./manifest-pods.ts";
import { makePodNetwork, mountToken, openApi, podEnvironment, untilReady } from "./pod-network.ts";

const namespace = "kube-system";
const fields = { "spec.nodeName": "worker", "metadata.namespace": namespace };
const foreign = ["/opt/cni/bin", "/etc/cni/net.d/nv-ipam.d"];

/** The image, unpacked, and a host with the directories that kubelet makes; the plugins' belong to user 1000. */
async function makeHost(t: Test) {
  const dir = makeDirectory(t);
  const [root, host] = [join(dir, "image"), join(dir, "host")];
  await makeImage([`--root=${root}`]);
  mkdirSync(join(host, "/var/log"), { recursive: true });
  makeHostPaths(pods.daemon, host);
  for (const place of foreign) chownSync(join(host, place), 1000, 1000);
  chmodSync(root, 0o755);
  const runtime: Runtime = { root, confine: compileConfine(dir), env: ["PATH=/"] };
  return { dir, host, runtime };
}

type Host = Awaited<ReturnType<typeof makeHost>>;

function specFor(host: string, pod: PodManifest, of: "initContainers" | "containers"): RunSpec {
  return specOf(pod, pod[of]![0]!, { host, fields });
}

async function endOf(container: Container): Promise<{ status: number | string; log: string }> {
  return { status: await container.exited, log: container.lines.join("\n") };
}

async function install(t: Test, { host, runtime }: Host): Promise<void> {
  const network = makePodNetwork(t, "install");
  const spec = specFor(host, pods.daemon, "initContainers");
  t.equal(spec.capabilities, "2", "DAC_OVERRIDE alone");
  const without = startContainer(t, runtime, { spec: { ...spec, capabilities: "0" }, network });
  t.match(await endOf(without), { status: 1, log: /cannot install the plugin .*EACCES/ });
  t.match(await endOf(startContainer(t, runtime, { spec, network })), { status: 0 });
  t.same(readdirSync(join(host, "/opt/cni/bin")), ["nv-ipam"]);
  const plugin = join(host, "/opt/cni/bin/nv-ipam");
  t.ok(readFileSync(plugin).equals(readFileSync(join(runtime.root, "nv-ipam"))), "the image's plugin");
  t.equal(statSync(plugin).mode & 0o7777, 0o755);
  t.match(JSON.parse(readFileSync(join(host, "/etc/cni/net.d/nv-ipam.d/nv-ipam.conf"), "utf8")), {
    daemonSocket: "unix:///var/lib/cni/nv-ipam/daemon.sock",
    daemonCallTimeoutSeconds: 10,
  });
}

/** What the kernel says is what the manifest asks for. */
function checkConfinement(t: Test, container: Container, uid: number): void {
  const status = container.status();
  const ids = [uid, uid, uid, uid].join("\t");
  t.match(status, { Uid: ids, Gid: ids, NoNewPrivs: "1", NSpid: /\t1$/ });
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
    t.equal(status[set], "0000000000000000", `${set} of user ${uid}`);
  t.match(container.mounts()["/"], /^ro,/, "the root is read-only");
}

type Pod = {
  readonly name: keyof typeof pods;
  readonly token: RunSpec["mounts"][number];
  readonly network: Namespace;
};

/** Starts a pod's container, and waits until its readiness probe succeeds. */
async function startPod(t: Test, { host, runtime }: Host, { name, token, network }: Pod): Promise<Container> {
  const spec = specFor(host, pods[name], "containers");
  const inPod = { ...spec, env: { ...spec.env, ...podEnvironment }, mounts: [...spec.mounts, token] };
  const container = startContainer(t, runtime, { spec: inPod, network });
  await container.logged('"msg":"ready"');
  t.equal(await untilReady(network, spec.probe!), "200 ok", `${name}: its readiness probe`);
  checkConfinement(t, container, spec.uid);
  return container;
}

/** The plugin as kubelet's runtime calls it on the host. */
function callOnHost(host: string, command: string, pod: string) {
  return callPlugin({
    ...{ command, container: pod, under: ["chroot", host], plugin: "/opt/cni/bin/nv-ipam" },
    args: `IgnoreUnknown=1;K8S_POD_NAME=${pod};K8S_POD_NAMESPACE=${namespace}`,
    conf: { name: "net", ipam: { type: "nv-ipam", poolName: "pool1" } },
  });
}

async function startCluster(t: Test): Promise<ApiServer> {
  const api = await startApiServer(t);
  const rights = ["node-rbac.yaml", "controller-rbac.yaml"].flatMap((name) => [
    ...["-f", join(repository, "install/base", name)],
  ]);
  await until(
    () => api.admin.request("GET", `/api/v1/namespaces/${namespace}`),
    ({ status }) => status === 200,
  );
  t.match(await api.kubectl("apply", ...rights), { status: 0 });
  await createNode(api.admin, "worker");
  return api;
}

async function giveAddress(t: Test, { dir, host, runtime }: Host): Promise<void> {
  const api = await startCluster(t);
  const network = { controller: makePodNetwork(t, "ctl"), daemon: makePodNetwork(t, "node") };
  await openApi(t, api, { networks: Object.values(network), dir });
  const start = async (name: "controller" | "daemon") => {
    const token = await mountToken(api, pods[name].serviceAccountName, join(dir, `${name}-token`));
    return startPod(t, { dir, host, runtime }, { name, token, network: network[name] });
  };
  const controller = await start("controller");
  const spec = { subnet: "10.1.0.0/24", perNodeBlockSize: 10, gateway: "10.1.0.1" };
  await createPool(api.admin, { kind: "IPPool", namespace, name: "pool1", spec });
  await until(
    () => api.admin.get(poolPath("IPPool", namespace, "pool1")),
    ({ status }) => (status as { allocations?: unknown[] } | undefined)?.allocations?.length === 1,
  );
  const daemon = await start("daemon");
  await runPod(api, namespace, "pod-a");
  t.equal(addressOf(await callOnHost(host, "ADD", "pod-a")), "10.1.0.2/24");
  const debug = { ...specFor(host, pods.daemon, "containers"), argv: ["/ipam-node", "reservations"] };
  const shown = startContainer(t, runtime, { spec: debug, network: network.daemon });
  t.match(await endOf(shown), { status: 0 });
  t.match(shown.stdout(), /10\.1\.0\.2 .*pod-a/);
  t.match(await callOnHost(host, "DEL", "pod-a"), { status: 0, stdout: "" });
  t.equal(statSync(join(host, "/var/lib/cni/nv-ipam/daemon.sock")).mode & 0o777, 0o600);
  t.match(
    readFileSync(join(host, "/var/log/nv-ipam-cni.log"), "utf8"),
    /CMD ADD succeeded(.|\n)*CMD DEL succeeded/,
  );
  for (const container of [daemon, controller]) t.equal(await container.end("SIGTERM"), 0);
}

test("the pods run from the image", { skip: skipUnless("root", "ip", "gcc") }, async (t) => {
  const host = await makeHost(t);
  await t.test("the init container installs the plugin", (t) => install(t, host));
  const skip = skipUnless("apiserver");
  await t.test("controller, daemon and plugin give a pod its address", { skip }, (t) => giveAddress(t, host));
});
