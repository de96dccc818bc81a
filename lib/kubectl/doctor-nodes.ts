// SPDX-License-Identifier: Apache-2.0
// What only the daemons themselves know: each looks at its own node, and tells its reservations.
import { textAt } from "./api.ts";
import { askDaemon, type Exec, inTurns, readReservation, type ToldReservation } from "./ask-daemon.ts";
import type { ClusterPod } from "./cluster-pods.ts";
import type { DaemonPod } from "./daemon-pods.ts";
import type { Diagnosis, Finding } from "./finding.ts";

/** What a daemon told before the pods of the cluster were listed. */
export type NodeReport = {
  readonly daemon: DaemonPod;
  readonly findings: readonly Finding[];
  readonly reservations: readonly ToldReservation[];
  readonly unchecked: readonly string[];
};

/** Asks every daemon to check its node. */
export function askNodes(exec: Exec, daemons: readonly DaemonPod[]): Promise<NodeReport[]> {
  return inTurns(daemons, (daemon) => askNode(exec, daemon));
}

async function askNode(exec: Exec, daemon: DaemonPod): Promise<NodeReport> {
  const { node } = daemon;
  const checked = await askDaemon(exec, daemon, "check");
  if ("silence" in checked) {
    return {
      daemon,
      findings: [],
      reservations: [],
      unchecked: [`node ${node} was not looked into: ${checked.silence}`],
    };
  }
  const findings = checked.rows.map((row) => nodeFinding(row, node));
  const told = await askDaemon(exec, daemon, "reservations");
  if ("silence" in told) {
    return {
      daemon,
      findings,
      reservations: [],
      unchecked: [`the reservations of node ${node} were not read: ${told.silence}`],
    };
  }
  return { daemon, findings, reservations: told.rows.map(readReservation), unchecked: [] };
}

const CHECKS: readonly Finding["check"][] = [
  "socket",
  "store",
  "reservations",
  "pools",
  "plugin",
  "configuration",
  "permissions",
];

function nodeFinding(row: Readonly<Record<string, unknown>>, node: string): Finding {
  return {
    // A newer daemon may look at more than this plugin knows of.
    check: CHECKS.find((check) => check === textAt(row, "check")) ?? "daemons",
    severity: textAt(row, "severity") === "warning" ? "warning" : "error",
    message: textAt(row, "message"),
    fix: textAt(row, "fix"),
    node,
  };
}

// The cleaner releases after more than three misses, one a minute.
const CLEANED_AFTER_MS = 5 * 60_000;
const SHOWN = 5;

/** Reservations whose pod is not (any more) on the node. `pods`: listed after the reservations were read. */
export function diagnoseReservations(
  reports: readonly NodeReport[],
  pods: readonly ClusterPod[],
  nowMs: number,
): Diagnosis {
  const byName = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const findings = reports.flatMap(({ daemon, reservations }) => {
    const stale = reservations.filter((one) => isStale(one, { byName, node: daemon.node, nowMs }));
    return stale.length === 0 ? [] : [staleFinding(daemon, stale)];
  });
  return { findings, unchecked: reports.flatMap(({ unchecked }) => unchecked) };
}

type World = {
  readonly byName: ReadonlyMap<string, ClusterPod>;
  readonly node: string;
  readonly nowMs: number;
};

function isStale(reservation: ToldReservation, { byName, node, nowMs }: World): boolean {
  const { podNamespace, podName, podUid, createdAt } = reservation;
  if (podNamespace === "" || podName === "") return false; // nobody can tell
  if (nowMs - Date.parse(createdAt) < CLEANED_AFTER_MS) return false;
  const pod = byName.get(`${podNamespace}/${podName}`);
  if (pod === undefined || (pod.node !== "" && pod.node !== node)) return true;
  return podUid !== "" && podUid !== pod.uid && !pod.isMirror;
}

function staleFinding(daemon: DaemonPod, stale: readonly ToldReservation[]): Finding {
  const { namespace, name, node, container, executable, flags } = daemon;
  const shown = stale
    .slice(0, SHOWN)
    .map(({ address, podNamespace, podName }) => `${address} of ${podNamespace}/${podName}`);
  const rest = stale.length - SHOWN;
  const many = stale.length === 1 ? "1 reservation is" : `${stale.length} reservations are`;
  const { podNamespace, podName } = stale[0]!;
  const release = [executable, "release", ...flags.place, "--pod", `${podNamespace}/${podName}`].join(" ");
  return {
    check: "reservations",
    severity: "warning",
    message: `${many} of pods that are not on the node: ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`,
    fix: `wait 5 minutes, in which the daemon releases what is left of a pod; what stays: kubectl exec -it -n ${namespace} ${name} -c ${container} -- ${release}`,
    node,
  };
}
