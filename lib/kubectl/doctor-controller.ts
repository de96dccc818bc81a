// SPDX-License-Identifier: Apache-2.0
import { type Api, getObject, textAt } from "./api.ts";
import type { Diagnosis } from "./finding.ts";
import { nothing } from "./finding.ts";

const LEASE = "dd1643cf.nvidia.com";

// A lease lasts 15 s; clocks may differ by something.
const SILENT_MS = 60_000;

/** Whether a controller with leader election is at work; without a lease nothing can be said. */
export async function diagnoseController(api: Api, namespace: string, nowMs: number): Promise<Diagnosis> {
  const resource = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace };
  const lease = await getObject(api, resource, LEASE);
  if (lease === undefined) return nothing;
  const holder = textAt(lease.object, "spec", "holderIdentity");
  const silentMs = nowMs - Date.parse(textAt(lease.object, "spec", "renewTime"));
  if (!(silentMs > SILENT_MS)) return nothing;
  const who = holder === "" ? "nobody holds it" : `${holder} held it last`;
  const seconds = Math.round(silentMs / 1000);
  return {
    findings: [
      {
        check: "controller",
        severity: "error",
        message: `no controller is at work: the lease ${namespace}/${LEASE} was renewed ${seconds} s ago, ${who}`,
        fix: `start it: kubectl -n ${namespace} get deployment,pods -l app=nvidia-k8s-ipam; new nodes get no blocks until then`,
      },
    ],
    unchecked: [],
  };
}
