// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import type { Cluster } from "../../lib/kube/cluster.ts";
import { listPodNetworks } from "../../lib/kube/pod-networks.ts";

const ANNOTATION = "k8s.v1.cni.cncf.io/network-status";

const pod = (name: string, annotations?: Record<string, string>) => ({
  metadata: { name, namespace: "ns", uid: `uid-${name}`, ...(annotations && { annotations }) },
});

test("the pods of a node that Multus has written into, page by page", async (t) => {
  const asked: Record<string, string>[] = [];
  const pages = [
    {
      metadata: { resourceVersion: "1", continue: "more" },
      items: [pod("a", { [ANNOTATION]: "[]" }), pod("b")],
    },
    { metadata: { resourceVersion: "1" }, items: [pod("c", { [ANNOTATION]: "[1]", other: "x" })] },
  ];
  const cluster: Cluster = {
    async call({ query = {} }) {
      asked.push({ ...query });
      return pages[asked.length - 1];
    },
    stream: () => Promise.reject(new Error("nothing is watched")),
    close() {},
  };
  t.same(await listPodNetworks(cluster, "node-a"), [
    { namespace: "ns", name: "a", uid: "uid-a", networkStatus: "[]" },
    { namespace: "ns", name: "c", uid: "uid-c", networkStatus: "[1]" },
  ]);
  t.match(asked, [{ fieldSelector: "spec.nodeName=node-a" }, { continue: "more" }]);
});
