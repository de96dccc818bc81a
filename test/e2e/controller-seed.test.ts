// SPDX-License-Identifier: Apache-2.0
// The cluster of the seed: three labelled nodes and its IPPool; a CIDRPool beside it.
import { test } from "tap";
import { blocksOf, poolWhen, readyOf } from "../controller/pool-watch.ts";
import { createControllerUser, startController } from "../controller/running-controller.ts";
import { startApiServer } from "../support/api-server.ts";
import { createNode, createPool } from "../support/api-server-objects.ts";
import { skipUnless } from "../support/layers.ts";
import { seedSpec } from "./seed-spec.ts";

test("the seed's cluster", { skip: skipUnless("apiserver") }, async (t) => {
  const server = await startApiServer(t);
  const { admin } = server;
  const namespace = "kube-system";
  for (const node of ["kind-worker2", "kind-control-plane", "kind-worker"]) {
    await createNode(admin, node, { "node-role.kubernetes.io/worker": "" });
  }
  await createNode(admin, "kind-other");
  const pool1 = { kind: "IPPool", namespace, name: "pool1" } as const;
  await createPool(admin, { ...pool1, spec: seedSpec });
  const kubeconfig = await createControllerUser(server);
  const controller = await startController(t, { kubeconfig, namespace });

  const { status } = await poolWhen(server, pool1, ({ allocations }) => allocations.length === 3);
  t.same(blocksOf(status), [
    "kind-control-plane 192.168.0.1-192.168.0.100",
    "kind-worker 192.168.0.101-192.168.0.200",
    "kind-worker2 192.168.0.201-192.168.1.44",
  ]);
  t.equal(readyOf(status), "True Allocated");
  t.match(status, { observedGeneration: 1, allocatedNodes: 3, freeBlocks: 652 });

  const jsonpath =
    '{range .items[*]}{.metadata.name}{"\\n"} {range .status.allocations[*]}{"\\t"}{.nodeName} => Start IP: {.startIP} End IP: {.endIP}{"\\n"}{end}{"\\n"}{end}';
  const seen = await server.kubectl("get", "ippools.nv-ipam.nvidia.com", "-A", "-o", `jsonpath=${jsonpath}`);
  t.equal(
    seen.stdout,
    `pool1
 \tkind-control-plane => Start IP: 192.168.0.1 End IP: 192.168.0.100
\tkind-worker => Start IP: 192.168.0.101 End IP: 192.168.0.200
\tkind-worker2 => Start IP: 192.168.0.201 End IP: 192.168.1.44

`,
  );

  const pool2 = { kind: "CIDRPool", namespace, name: "pool2" } as const;
  await createPool(admin, {
    ...pool2,
    spec: { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 },
  });
  const cidr = await poolWhen(server, pool2, ({ allocations }) => allocations.length === 4);
  t.same(blocksOf(cidr.status), [
    "kind-control-plane 10.0.0.0/24 10.0.0.1",
    "kind-other 10.0.1.0/24 10.0.1.1",
    "kind-worker 10.0.2.0/24 10.0.2.1",
    "kind-worker2 10.0.3.0/24 10.0.3.1",
  ]);
  t.equal(await controller.probe("/readyz"), "200 ok");
  t.equal(await controller.probe("/healthz"), "200 ok");
  t.same(
    controller.lines.filter(({ level }) => level !== "info"),
    [],
  );
  t.equal(await controller.end("SIGTERM"), 0);
});
