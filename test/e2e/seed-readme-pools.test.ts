// SPDX-License-Identifier: Apache-2.0
// The pools of the first README's examples, on its four nodes: what the controller writes, and what its commands show. The
// programs run with every flag that it lists.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { blocksOf, poolWhen, readyOf } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool, poolPath } from "../support/api-server-objects.ts";
import { callPlugin } from "../support/cni.ts";
import { executables, run } from "../support/executables.ts";
import { nodeRules, startKubeDaemon } from "../support/kube-daemon.ts";
import { createNotedPod } from "../support/kubectl-plugin.ts";
import { skipUnless } from "../support/layers.ts";

const namespace = "kube-system";
const place = (name: string) => ({ kind: "IPPool", namespace, name }) as const;
const names = ["host-a", "host-b", "host-c", "k8s-master"];

const nodeSelector = {
  nodeSelectorTerms: [
    { matchExpressions: [{ key: "kubernetes.io/role", operator: "In", values: ["worker"] }] },
  ],
};

/** As YAML, for kubectl. */
const MY_POOL = `apiVersion: nv-ipam.nvidia.com/v1alpha1
kind: IPPool
metadata:
  name: my-pool
  namespace: kube-system
spec:
  subnet: 192.168.0.0/16
  perNodeBlockSize: 100
  gateway: 192.168.0.1
  nodeSelector:
    nodeSelectorTerms:
    - matchExpressions:
        - key: kubernetes.io/role
          operator: In
          values: [worker]
`;

const loggingFlags = [
  ...["--log-flush-frequency=5s", "--log-json-info-buffer-size=0", "--log-json-split-stream=false"],
  ...["-v", "1", "--vmodule=main=2", "--feature-gates=AllAlpha=false,LoggingBetaOptions=true"],
];
const controllerFlags = ["--leader-elect", "--leader-elect-namespace=kube-system", "--webhook=false"];
const daemonFlags = [
  ...["--cni-daemon-call-timeout=5", "--cni-log-level=info"],
  ...["--cni-skip-nv-ipam-binary-copy=false", "--cni-skip-nv-ipam-config-creation=false"],
];

const skip = skipUnless("apiserver", "kubectl");

test("the pools of the first README", { skip, timeout: 240_000 }, async (t) => {
  const api = await startApiServer(t);
  const { admin, kubectl } = api;
  for (const name of names) await createNode(admin, name, { "kubernetes.io/role": "worker" });
  await createNode(admin, "storage", { "kubernetes.io/role": "storage" });
  await createNode(admin, "unlabelled");
  const controller = await startController(t, {
    kubeconfig: await createControllerUser(api),
    namespace,
    flags: [...loggingFlags, ...controllerFlags],
  });
  const withFour = (name: string) =>
    poolWhen(api, place(name), ({ allocations }) => allocations.length === names.length);

  await t.test("flow of an allocation: blocks of 24 on the nodes that the selector matches", async (t) => {
    const spec = { subnet: "192.168.0.0/16", perNodeBlockSize: 24, gateway: "192.168.0.1", nodeSelector };
    await createPool(admin, { ...place("pool1"), spec });
    const { status } = await withFour("pool1");
    t.same(blocksOf(status), [
      "host-a 192.168.0.1-192.168.0.24",
      "host-b 192.168.0.25-192.168.0.48",
      "host-c 192.168.0.49-192.168.0.72",
      "k8s-master 192.168.0.73-192.168.0.96",
    ]);
    t.equal(readyOf(status), "True Allocated");
    // 65,534 usable addresses hold 2,730 blocks of 24, and four of them are given.
    t.match(status, { allocatedNodes: 4, freeBlocks: 2726 });
  });

  await t.test("the view of the blocks, with a second pool", async (t) => {
    const spec = { subnet: "172.16.0.0/16", perNodeBlockSize: 50, nodeSelector };
    await createPool(admin, { ...place("pool2"), spec });
    await withFour("pool2");
    const jsonpath =
      '{range .items[*]}{.metadata.name}{"\\n"} {range .status.allocations[*]}{"\\t"}{.nodeName} => Start IP: {.startIP} End IP: {.endIP}{"\\n"}{end}{"\\n"}{end}';
    const list = ["get", "ippools.nv-ipam.nvidia.com", "-A", "-o", `jsonpath=${jsonpath}`];
    const { stdout } = await kubectl(...list);
    t.same(stdout.split("\n"), [
      "pool1",
      " \thost-a => Start IP: 192.168.0.1 End IP: 192.168.0.24",
      "\thost-b => Start IP: 192.168.0.25 End IP: 192.168.0.48",
      "\thost-c => Start IP: 192.168.0.49 End IP: 192.168.0.72",
      "\tk8s-master => Start IP: 192.168.0.73 End IP: 192.168.0.96",
      "",
      "pool2",
      " \thost-a => Start IP: 172.16.0.1 End IP: 172.16.0.50",
      "\thost-b => Start IP: 172.16.0.51 End IP: 172.16.0.100",
      "\thost-c => Start IP: 172.16.0.101 End IP: 172.16.0.150",
      "\tk8s-master => Start IP: 172.16.0.151 End IP: 172.16.0.200",
      "",
      "",
    ]);
  });

  await t.test("my-pool, applied as YAML: blocks of 100", async (t) => {
    const file = join(api.dir, "my-pool.yaml");
    writeFileSync(file, MY_POOL);
    t.match(await kubectl("apply", "-f", file), {
      status: 0,
      stdout: "ippool.nv-ipam.nvidia.com/my-pool created\n",
    });
    t.same(blocksOf((await withFour("my-pool")).status), [
      "host-a 192.168.0.1-192.168.0.100",
      "host-b 192.168.0.101-192.168.0.200",
      "host-c 192.168.0.201-192.168.1.44",
      "k8s-master 192.168.1.45-192.168.1.144",
    ]);
    t.match(await kubectl("get", "ippools", "-n", namespace), { stdout: /^my-pool .*192\.168\.0\.0\/16/m });
  });

  await t.test("blocks of 2, the smallest that it allows; a subnet with no room for one block", async (t) => {
    await createPool(admin, {
      ...place("pairs"),
      spec: { subnet: "10.30.0.0/28", perNodeBlockSize: 2, nodeSelector },
    });
    t.same(blocksOf((await withFour("pairs")).status), [
      "host-a 10.30.0.1-10.30.0.2",
      "host-b 10.30.0.3-10.30.0.4",
      "host-c 10.30.0.5-10.30.0.6",
      "k8s-master 10.30.0.7-10.30.0.8",
    ]);
    await createPool(admin, { ...place("tiny"), spec: { subnet: "10.30.1.0/30", perNodeBlockSize: 24 } });
    const { status } = await poolWhen(api, place("tiny"), (status) => readyOf(status).startsWith("False"));
    t.equal(readyOf(status), "False InvalidSpec");
    t.same(blocksOf(status), []);
    await admin.delete(poolPath("IPPool", namespace, "tiny"));
  });

  await t.test("two selectors: a pool for other nodes", async (t) => {
    const [term] = nodeSelector.nodeSelectorTerms;
    const exists = { matchExpressions: [{ key: "kubernetes.io/role", operator: "DoesNotExist" }] };
    const storage = { matchExpressions: [{ ...term!.matchExpressions[0]!, values: ["storage"] }] };
    const spec = {
      ...{ subnet: "10.31.0.0/24", perNodeBlockSize: 10 },
      nodeSelector: { nodeSelectorTerms: [exists, storage] },
    };
    await createPool(admin, { ...place("others"), spec });
    const { status } = await poolWhen(api, place("others"), ({ allocations }) => allocations.length === 2);
    t.same(blocksOf(status), ["storage 10.31.0.1-10.31.0.10", "unlabelled 10.31.0.11-10.31.0.20"]);
  });

  await t.test("the network status of pods", async (t) => {
    await createNotedPod(admin, {
      ...{ name: "web", node: "host-a", addresses: ["192.168.0.2"], network: "default/macvlan" },
    });
    const columns =
      "NAME:metadata.name,NODE:spec.nodeName,NETWORK-STATUS:metadata.annotations.k8s\\.v1\\.cni\\.cncf\\.io/network-status";
    const { stdout } = await kubectl("get", "pods", `-o=custom-columns=${columns}`);
    t.match(
      stdout,
      /^NAME +NODE +NETWORK-STATUS\nweb +host-a +\[.*"name":"default\/macvlan".*"192\.168\.0\.2"/,
    );
  });

  await t.test("the daemon with every flag", async (t) => {
    const daemon = await startKubeDaemon(t, {
      ...{ kubeconfig: await api.createUser("ipam-node", nodeRules), namespace, nodeName: "host-b" },
      flags: [...loggingFlags, ...daemonFlags],
    });
    const conf = { ipam: { type: "nv-ipam", poolName: "my-pool", confDir: daemon.confDir } };
    t.match(await callPlugin({ container: "one", conf }), { status: 0, stdout: /"192\.168\.0\.101\/16"/ });
    for (const { lines } of [controller, { lines: daemon.lines.map((line) => JSON.parse(line)) }])
      t.same(
        lines.filter(({ level }) => level === "error"),
        [],
      );
    for (const file of [executables.daemon, executables.controller])
      t.match(await run(file, ["--version"]), { status: 0, stdout: /\d+\.\d+\.\d+/ });
  });
});
