// SPDX-License-Identifier: Apache-2.0
// docs/examples: taken by a real API, worked on by the controller, and what their pods get on node-a.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { poolWhen, readyOf } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { applyDefinitions, createNode } from "../support/api-server-objects.ts";
import { callPlugin, resultOf } from "../support/cni.ts";
import { startKubeDaemon } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { exampleFiles, examples, type Manifest, networkConfigs, readExample } from "./example-networks.ts";

const docs = resolve(import.meta.dirname, "../../docs");
const namespace = "kube-system";
const nodes = {
  "node-a": { "example.com/rack": "1" },
  "node-b": { "example.com/rack": "2" },
  "node-c": {},
};

/** "ADDRESS via GATEWAY to ROUTE ROUTE" of each interface of each pod, in the order in which they are started. */
const expected: Readonly<Record<string, readonly string[]>> = {
  "flat-pod": ["192.168.4.2/24 via 192.168.4.1"],
  "routed-pod": ["10.44.0.2/24 via 10.44.0.1"],
  "dual-pod": ["10.20.0.2/16 via 10.20.0.1, fd20::2/64 via fd20::1"],
  "careful-pod": ["192.168.60.80/22 via 192.168.60.1"],
  "by-hand-pod": ["10.45.33.1/24 via 10.45.33.254"],
  "rack-pod": ["172.20.1.1/24 via 172.20.1.254"],
  "storage-pod": [
    "172.30.0.1/24 via 172.30.0.254 to 10.200.0.0/16 172.31.0.0/16",
    "fd30::2/64 via fd30::1 to ::/0",
  ],
  database: ["192.168.70.250/24 via 192.168.70.1"],
  cache: ["192.168.70.251/24 via 192.168.70.1"],
  "from-another-pool": ["10.61.0.2/24 via 10.61.0.1"],
  "by-index": ["10.60.0.10/24 via 10.60.0.1"],
  gateway: ["10.60.0.1/24"],
  "link-pod": ["192.168.100.1/31 via 192.168.100.0 to 192.168.100.0/24"],
};

/** As much of the definition as an API needs to take the objects: Multus brings the whole. */
const networkDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "network-attachment-definitions.k8s.cni.cncf.io" },
  spec: {
    group: "k8s.cni.cncf.io",
    scope: "Namespaced",
    names: { plural: "network-attachment-definitions", kind: "NetworkAttachmentDefinition" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { config: { type: "string" } } } },
          },
        },
      },
    ],
  },
};

test("what the documents show of the examples is there", (t) => {
  const files = exampleFiles();
  t.ok(files.length >= 9);
  const pods = files.flatMap(readExample).filter(({ kind }) => kind === "Pod");
  t.same(pods.map(({ metadata }) => metadata.name).sort(), Object.keys(expected).sort());
  const concepts = readFileSync(join(docs, "concepts.md"), "utf8");
  for (const file of files) t.ok(concepts.includes(`(examples/${file})`), `concepts.md links ${file}`);
  t.end();
});

test("the examples on a cluster", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t);
  const dir = t.testdir({});
  writeFileSync(join(dir, "networks.yaml"), JSON.stringify(networkDefinition));
  await applyDefinitions(server.admin, dir);
  for (const [name, labels] of Object.entries(nodes)) await createNode(server.admin, name, labels);
  await startController(t, { kubeconfig: await createControllerUser(server), namespace });

  const manifests = exampleFiles().flatMap(readExample);
  for (const file of exampleFiles()) {
    const applied = await server.kubectl(
      ...["apply", "--server-side", "--validate=strict", "-f", join(examples, file)],
    );
    t.equal(applied.status, 0, `${file}: ${applied.stderr}`);
  }
  for (const { kind, metadata } of manifests) {
    if (kind !== "IPPool" && kind !== "CIDRPool") continue;
    const pool = { kind, namespace: metadata.namespace, name: metadata.name } as const;
    const { status } = await poolWhen(server, pool, ({ conditions }) => conditions !== undefined);
    t.equal(readyOf(status), "True Allocated", pool.name);
  }
  const overlaps = await server.kubectl("get", "events", "-A", "-o", "jsonpath={.items[*].reason}");
  t.equal(overlaps.stdout, "", "no pool has anything to complain of");

  const daemon = await startKubeDaemon(t, {
    kubeconfig: server.kubeconfig,
    namespace,
    nodeName: "node-a",
  });
  for (const pod of manifests.filter(({ kind }) => kind === "Pod")) {
    const { name } = pod.metadata;
    const got: string[] = [];
    for (const [index, config] of networkConfigs(pod, manifests).entries()) {
      const outcome = await callPlugin({
        container: name,
        ifName: `net${index + 1}`,
        conf: { ...config, ipam: daemon.ipam(config.ipam) },
        args: podArguments(pod),
      });
      const { ips, routes = [] } = resultOf(outcome);
      const addresses = ips.map(({ address, gateway }) => address + (gateway ? ` via ${gateway}` : ""));
      const to = routes.length === 0 ? "" : ` to ${routes.map(({ dst }) => dst).join(" ")}`;
      got.push(addresses.join(", ") + to);
    }
    t.same(got, expected[name], name);
  }
});

function podArguments({ metadata }: Manifest): string {
  return `IgnoreUnknown=1;K8S_POD_NAMESPACE=${metadata.namespace};K8S_POD_NAME=${metadata.name}`;
}
