// SPDX-License-Identifier: Apache-2.0
import { describeError } from "../log/printable.ts";
import type { Node } from "../pool/selector.ts";
import { type Api, listObjects } from "./api.ts";
import type { Exec } from "./ask-daemon.ts";
import { listNetworks } from "./attachment-networks.ts";
import { listPods } from "./cluster-pods.ts";
import { listPools } from "./cluster-pool.ts";
import { type DaemonPod, listDaemonPods } from "./daemon-pods.ts";
import { diagnoseAddresses } from "./doctor-addresses.ts";
import { diagnoseClocks } from "./doctor-clocks.ts";
import { diagnoseController } from "./doctor-controller.ts";
import { diagnoseDaemons } from "./doctor-daemons.ts";
import { diagnoseDefinitions } from "./doctor-definitions.ts";
import { askNodes, diagnoseReservations } from "./doctor-nodes.ts";
import { diagnosePools } from "./doctor-pools.ts";
import { diagnoseRbac, type ServiceAccount } from "./doctor-rbac.ts";
import { type Diagnosis, type Finding, joinDiagnoses } from "./finding.ts";
import { findHoldings } from "./usage.ts";

export type DoctorOptions = {
  readonly namespace: string;
  readonly daemonSelector: string;
  /** Absent: the daemons are not asked. */
  readonly exec?: Exec;
  /** Look into this node alone; absent: into all. */
  readonly node?: string;
  readonly nowMs: number;
};

/**
 * Looks at all there is. What cannot be looked at is said, and the rest is looked at all the same; `isBlind` says that
 * there was no rest.
 */
export async function diagnose(
  api: Api,
  options: DoctorOptions,
): Promise<Diagnosis & { readonly isBlind: boolean }> {
  const failed: Failure[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      failed.push({ what, why: describeError(error) });
      return undefined;
    }
  };
  const { namespace, nowMs } = options;
  const definitions = await attempt("definitions", () => diagnoseDefinitions(api));
  if (definitions?.isMissing)
    failed.push({ what: "pools and nodes", why: "they cannot be read without the definitions" });
  const daemons = (await attempt("daemons", () => listDaemonPods(api, options.daemonSelector))) ?? [];
  const parts = await Promise.all([
    attempt("rbac", () => diagnoseRbac(api, { ...accountsOf(daemons, namespace), namespace })),
    attempt("controller", () => diagnoseController(api, namespace, nowMs)),
    attempt("clocks", () => diagnoseClocks(api)),
    definitions?.isMissing ? undefined : attempt("pools", () => diagnosePoolsOf(api, options, daemons)),
  ]);
  const done = [definitions, ...parts].filter((part) => part !== undefined);
  const unchecked = describeFailures(failed);
  return { ...joinDiagnoses([...done, { findings: [], unchecked }]), isBlind: done.length === 0 };
}

type Failure = { readonly what: string; readonly why: string };

/** What several have in common, as an API that cannot be reached, is said once. */
function describeFailures(failed: readonly Failure[]): string[] {
  return [...Map.groupBy(failed, ({ why }) => why)].map(
    ([why, all]) => `${all.map(({ what }) => what).join(", ")}: ${why}`,
  );
}

async function diagnosePoolsOf(
  api: Api,
  { namespace, exec, node, nowMs }: DoctorOptions,
  daemons: readonly DaemonPod[],
): Promise<Diagnosis> {
  const asked = daemons.filter((daemon) => node === undefined || daemon.node === node);
  // Before the pods are listed: a pod that comes meanwhile must not look as if it were none.
  const reports = exec === undefined ? [] : await askNodes(exec, asked);
  const [pools, pods, nodes, networks] = await Promise.all([
    listPools(api, namespace),
    listPods(api),
    listNodes(api),
    listNetworks(api),
  ]);
  const findings: Finding[] = [
    ...diagnosePools(pools, nodes),
    ...diagnoseAddresses(findHoldings({ pools, pods, networks })),
    ...diagnoseDaemons(daemons, pools),
    ...reports.flatMap((report) => report.findings),
  ];
  const reservations = diagnoseReservations(reports, pods, nowMs);
  return joinDiagnoses([{ findings, unchecked: [] }, reservations]);
}

function listNodes(api: Api): Promise<Node[]> {
  const resource = { group: "", version: "v1", plural: "nodes" };
  return listObjects(api, resource, ({ metadata: { name, labels } }) => ({ name, labels }));
}

/** The daemon's as its pods have it. */
function accountsOf(
  daemons: readonly DaemonPod[],
  namespace: string,
): { readonly node: ServiceAccount; readonly controller: ServiceAccount } {
  const [daemon] = daemons;
  return {
    node: { namespace: daemon?.namespace ?? namespace, name: daemon?.serviceAccount || "nv-ipam-node" },
    controller: { namespace, name: "nv-ipam-controller" },
  };
}
