// SPDX-License-Identifier: Apache-2.0
// The kubectl plugin against a real API server, and what a cluster would have for it to look at. There is no kubelet, so
// "kubectl exec" has nobody to talk to: a stand-in named kubectl runs the command that is meant for a daemon's container
// here, with the flags of that daemon's pod, which name the socket and the store of a real daemon of the test.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiServer } from "./api-server.ts";
import type { Client, KubeObject } from "./api-server-request.ts";
import type { Daemon } from "./daemon.ts";
import { executables, type Outcome, run } from "./executables.ts";

type Teardown = { teardown(end: () => unknown): void };

const STAND_IN = `#!/bin/sh
# kubectl [flags] exec -n NAMESPACE POD -c CONTAINER -- /ipam-node ARGUMENTS: everything up to the executable goes.
while [ "$1" != "--" ]; do shift; done
shift 2
exec "${executables.daemon}" "$@"
`;

export type Plugin = (...args: string[]) => Promise<Outcome>;

/** The plugin as kubectl starts it. `standIn`: what is on PATH under the name kubectl; none when it is "". */
export function makePlugin(t: Teardown, { kubeconfig }: ApiServer, standIn = STAND_IN): Plugin {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-kubectl-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  if (standIn !== "") writeFileSync(join(dir, "kubectl"), standIn, { mode: 0o755 });
  const env = { PATH: standIn === "" ? dir : `${dir}:${process.env.PATH}`, KUBECONFIG: kubeconfig };
  return (...args) => run(executables.kubectlPlugin, args, { env });
}

/** What the command printed as JSON; throws with what it said when it failed. */
export function jsonOf<T>({ status, stdout, stderr }: Outcome): T {
  if (stdout === "") throw new Error(`no output (${status}): ${stderr}`);
  return JSON.parse(stdout) as T;
}

type NotedPod = {
  readonly namespace?: string;
  readonly name: string;
  readonly node: string;
  /** Of its interface net1 on the network "default/net". */
  readonly addresses?: readonly string[];
  readonly network?: string;
};

/** A pod with the annotation that Multus writes. */
export function createNotedPod(admin: Client, pod: NotedPod): Promise<KubeObject> {
  const { namespace = "default", name, node, addresses = [], network = "default/net" } = pod;
  const status = [
    { name: "cluster", interface: "eth0", ips: ["10.244.0.5"], default: true, dns: {} },
    { name: network, interface: "net1", ips: addresses, mac: "02:00:00:00:00:01", dns: {} },
  ];
  return admin.post(`/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, annotations: { "k8s.v1.cni.cncf.io/network-status": JSON.stringify(status) } },
    spec: { nodeName: node, containers: [{ name: "none", image: "none" }] },
  });
}

export type DaemonPodOptions = {
  readonly node: string;
  /** Whose socket and store the pod's flags name. */
  readonly daemon?: Pick<Daemon, "socket" | "store" | "binDir" | "confDir">;
  readonly image?: string;
  readonly isReady?: boolean;
};

/** A daemon's pod as the manifests make it: labels, service account, flags, mounts. */
export async function createDaemonPod(admin: Client, options: DaemonPodOptions): Promise<KubeObject> {
  const { node, daemon, image = "localhost/nv-ipam:0.1.0", isReady = true } = options;
  const flags =
    daemon === undefined
      ? []
      : [
          ...[`--bind-address=unix://${daemon.socket}`, `--store-file=${daemon.store}`],
          ...[`--cni-bin-dir=${daemon.binDir}`, `--cni-conf-dir=${daemon.confDir}`],
          `--cni-nv-ipam-bin-file=${executables.plugin}`,
        ];
  const mounts = daemon === undefined ? [] : [daemon.binDir, daemon.confDir];
  const pods = "/api/v1/namespaces/kube-system/pods";
  const name = `nv-ipam-node-ds-${node}`;
  await admin.post(pods, {
    metadata: { name, labels: { app: "nvidia-k8s-ipam", name: "nv-ipam-node", tier: "node" } },
    spec: {
      nodeName: node,
      serviceAccountName: "nv-ipam-node",
      containers: [
        {
          name: "node",
          image,
          command: ["/ipam-node"],
          args: ["--node-name=$(NODE_NAME)", ...flags],
          volumeMounts: mounts.map((mountPath, i) => ({ name: `v${i}`, mountPath })),
        },
      ],
      volumes: mounts.map((_, i) => ({ name: `v${i}`, emptyDir: {} })),
    },
  });
  const conditions = [{ type: "Ready", status: isReady ? "True" : "False" }];
  return admin.patch(`${pods}/${name}/status`, { status: { phase: "Running", conditions } });
}

/** A node's lease as its kubelet renews it, by a clock that is so far ahead of the API server's. */
export async function renewNodeLease(admin: Client, node: string, aheadMs = 0): Promise<void> {
  await admin.request("POST", "/api/v1/namespaces", { metadata: { name: "kube-node-lease" } });
  await admin.post("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {
    metadata: { name: node },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: 40,
      renewTime: new Date(Date.now() + aheadMs).toISOString().replace("Z", "000Z"),
    },
  });
}
