// SPDX-License-Identifier: Apache-2.0
// What Multus does with a pod's annotation: which input and environment the main plugin gets for each of its networks, and
// what is written into the pod afterwards. The rules are those of Multus 3 and 4 and of the library that runs plugins for it:
// a configuration without a name gets that of its NetworkAttachmentDefinition; "cni-args" become args.cni as they are; "ips"
// and "deviceID" become runtimeConfig only where the configuration's "capabilities" ask for them.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ApiServer } from "../support/api-server.ts";
import { createPod } from "../support/api-server-objects.ts";
import { type CniResult, callPlugin, resultOf } from "../support/cni.ts";
import type { Outcome } from "../support/executables.ts";
import { cniPlugins } from "../support/layers.ts";
import { makeNamespace, type Namespace } from "../support/namespaces.ts";
import type { SeedNode } from "./seed-nodes.ts";

type Teardown = { teardown(end: () => unknown): void };

export type NetworkConfig = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly name?: string;
  readonly cniVersion: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
};

/** NetworkAttachmentDefinitions of the namespace "default", by name. The `ipam` object gets the node's own confDir. */
export type Networks = Readonly<Record<string, NetworkConfig>>;

/** What a pod asks for of one network. */
type Selection = {
  readonly name: string;
  readonly ips?: readonly string[];
  readonly "cni-args"?: Readonly<Record<string, unknown>>;
  readonly [capability: string]: unknown;
};

export type SeedPod = {
  readonly name: string;
  readonly uid: string;
  readonly node: SeedNode;
  readonly sandbox: string;
  readonly netns: Namespace;
  readonly selections: readonly Selection[];
};

/** A pod in namespace "default" on the node, with its sandbox; nothing is attached yet. */
export async function startPod(
  t: Teardown,
  { admin }: ApiServer,
  { name, node, networks }: { readonly name: string; readonly node: SeedNode; readonly networks: string },
): Promise<SeedPod> {
  const annotations = { "k8s.v1.cni.cncf.io/networks": networks };
  const pod = await createPod(admin, { namespace: "default", name, nodeName: node.name, annotations });
  const selections = networks.startsWith("[")
    ? (JSON.parse(networks) as Selection[])
    : networks.split(",").map((text) => ({ name: text.trim() }));
  return {
    ...{ name, node, selections, uid: pod.metadata.uid },
    sandbox: randomBytes(32).toString("hex"),
    netns: makeNamespace(t, "pod"),
  };
}

function inputFor(pod: SeedPod, selection: Selection, networks: Networks): NetworkConfig {
  const config = networks[selection.name];
  if (config === undefined) throw new Error(`no NetworkAttachmentDefinition ${selection.name}`);
  const wanted = Object.entries(config.capabilities ?? {}).filter(
    ([capability, isOn]) => isOn && selection[capability] !== undefined,
  );
  const cni = selection["cni-args"];
  return {
    name: selection.name,
    ...config,
    ipam: { confDir: pod.node.daemon.confDir, ...(config.ipam as Record<string, unknown>) },
    ...(cni !== undefined && { args: { cni } }),
    ...(wanted.length > 0 && {
      runtimeConfig: Object.fromEntries(wanted.map(([capability]) => [capability, selection[capability]])),
    }),
  };
}

/** One command for the pod's networks, in order: its main plugin runs in the node's network and finds nv-ipam where the daemon installed it. */
export async function callNetworks(
  pod: SeedPod,
  networks: Networks,
  command = "ADD",
  prevResult?: CniResult,
): Promise<Outcome[]> {
  const { node, name, uid, sandbox, netns, selections } = pod;
  const mains = cniPlugins["1.1.1"]!;
  const outcomes: Outcome[] = [];
  for (const [i, selection] of selections.entries()) {
    const input = inputFor(pod, selection, networks);
    const outcome = await callPlugin({
      ...{ command, container: sandbox, ifName: `net${i + 1}`, netns: netns.path },
      args: [
        ...["IgnoreUnknown=true", "K8S_POD_NAMESPACE=default", `K8S_POD_NAME=${name}`],
        ...[`K8S_POD_INFRA_CONTAINER_ID=${sandbox}`, `K8S_POD_UID=${uid}`],
      ].join(";"),
      under: node.host.exec,
      plugin: input.type === "nv-ipam" ? join(node.daemon.binDir, "nv-ipam") : join(mains, input.type),
      env: { CNI_PATH: `${node.daemon.binDir}:${mains}` },
      conf: { ...input, ...(prevResult !== undefined && { prevResult }) },
    });
    outcomes.push(outcome);
  }
  return outcomes;
}

/** ADD for a pod that has one network: the main plugin's result. The pod gets the annotation that Multus writes. */
export async function attach({ admin }: ApiServer, pod: SeedPod, networks: Networks): Promise<CniResult> {
  const results = (await callNetworks(pod, networks)).map(resultOf);
  const status = results.map(({ ips }, i) => ({
    name: `default/${pod.selections[i]!.name}`,
    interface: `net${i + 1}`,
    ips: ips.map(({ address }) => address.split("/")[0]!),
    dns: {},
  }));
  await admin.patch(`/api/v1/namespaces/default/pods/${pod.name}`, {
    metadata: { annotations: { "k8s.v1.cni.cncf.io/network-status": JSON.stringify(status, null, 4) } },
  });
  return results[0]!;
}

/** What of a result counts here: "192.168.0.5/16 via 192.168.0.1". */
export function describeResult({ ips }: CniResult): string {
  return ips
    .map(({ address, gateway }) => (gateway === undefined ? address : `${address} via ${gateway}`))
    .join(", ");
}
