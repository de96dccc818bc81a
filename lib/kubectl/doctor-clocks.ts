// SPDX-License-Identifier: Apache-2.0
// A node's clock against the API's, without asking the node: its kubelet writes its own time into its lease, and the API
// notes beside it when by its own clock that was written. How old the lease is does not matter.
import { type Api, listAt, listObjects, textAt } from "./api.ts";
import type { Diagnosis, Finding } from "./finding.ts";

const NAMESPACE = "kube-node-lease";

// The API's note has whole seconds, and a lease may take a moment to arrive.
const TOLERATED_MS = 10_000;

type NodeClock = { readonly node: string; readonly aheadMs: number };

/** Which nodes' clocks differ from the API's. */
export async function diagnoseClocks(api: Api): Promise<Diagnosis> {
  const resource = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: NAMESPACE };
  const clocks = await listObjects(api, resource, ({ metadata, object }): NodeClock[] => {
    const renewed = Date.parse(textAt(object, "spec", "renewTime"));
    const written = listAt(object, "metadata", "managedFields").map((entry) =>
      Date.parse(textAt(entry, "time")),
    );
    const noted = Math.max(...written.filter((time) => !Number.isNaN(time)));
    return Number.isFinite(renewed - noted) ? [{ node: metadata.name, aheadMs: renewed - noted }] : [];
  });
  const findings = clocks
    .flat()
    .filter(({ aheadMs }) => Math.abs(aheadMs) > TOLERATED_MS)
    .map(skewFinding);
  return { findings, unchecked: [] };
}

function skewFinding({ node, aheadMs }: NodeClock): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return {
    check: "clocks",
    severity: "warning",
    message: `the node's clock is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} the API server's`,
    fix: "start a time service on the node (chrony, systemd-timesyncd): tokens and certificates are refused by a wrong clock",
    node,
  };
}
