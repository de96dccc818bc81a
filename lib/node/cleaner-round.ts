// SPDX-License-Identifier: Apache-2.0
// One look at every reservation: is the pod that it was made for still there?
import type { Desk, ReservationRecord } from "./call.ts";
import { findReplaced } from "./cleaner-replaced.ts";
import { isObjectName } from "./object-name.ts";

/** A pod of this node; a mirror pod stands for a static one, whose UID is another than the runtime's by design. */
export type KnownPod = { readonly uid: string; readonly isMirror: boolean };
/** `nodeName`: "" before it is scheduled. */
export type LivePod = KnownPod & { readonly nodeName: string };

export type RoundOptions = {
  readonly desk: Desk;
  /** The pods of this node as a watch shows them, by "namespace/name". */
  readonly pods: { find(key: string): KnownPod | undefined };
  /** Asks the API itself: undefined when there is no such pod; rejects when it cannot be told. */
  readonly findPod: (
    pod: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ) => Promise<LivePod | undefined>;
  readonly nodeName: string;
  /** At most so many pods are asked for, one after the other: a node that lost all of its pods is no storm. */
  readonly lookups: number;
  /** How often a reservation has been missed before: those missed most are looked up first, so each gets its turn. */
  readonly missesOf: (record: ReservationRecord) => number;
  readonly signal: AbortSignal;
};

export type Missed = { readonly record: ReservationRecord; readonly reason: string };

/** What is in neither list was found. */
export type RoundResult = {
  readonly missed: readonly Missed[];
  /** One lookup too many: left to the next round. */
  readonly postponed: readonly ReservationRecord[];
};

const PAGE = 500;
const LOOKUP_TIMEOUT_MS = 10_000;

/**
 * Rejects when the store or the API does not answer: then nothing is known of any reservation. Each page of the list is a
 * call of its own, so the store is free while the API is asked.
 */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const records = await listRecords(options);
  const replaced = findReplaced(records);
  const missed: Missed[] = [];
  const doubtful: ReservationRecord[] = [];
  for (const record of records) {
    if (replaced.has(record))
      missed.push({ record, reason: "a newer container of the pod has taken its place" });
    else if (!isPodOf(record, options.pods.find(podKey(record)))) doubtful.push(record);
  }
  const groups = byUrgency([...Map.groupBy(doubtful, podKey).values()], options);
  for (const group of groups.slice(0, options.lookups)) {
    const findReason = await lookUp(group[0]!, options);
    for (const record of group) {
      const reason = findReason(record);
      if (reason !== undefined) missed.push({ record, reason });
    }
  }
  return { missed, postponed: groups.slice(options.lookups).flat() };
}

function podKey({ podNamespace, podName }: ReservationRecord): string {
  return `${podNamespace}/${podName}`;
}

/** Those that name a pod; no other is ever judged. */
async function listRecords({ desk, signal }: RoundOptions): Promise<ReservationRecord[]> {
  const records: ReservationRecord[] = [];
  let after: string | undefined;
  do {
    const page = { filter: {}, limit: PAGE, ...(after !== undefined && { after }) };
    const { reservations, next } = await desk.call("listReservations", page, signal);
    records.push(
      ...reservations.filter(({ podName, podNamespace }) => podName !== "" && podNamespace !== ""),
    );
    after = next;
  } while (after !== undefined);
  return records;
}

function byUrgency(
  groups: readonly ReservationRecord[][],
  { missesOf }: RoundOptions,
): ReservationRecord[][] {
  const urgency = (group: readonly ReservationRecord[]) => Math.max(...group.map(missesOf));
  return groups.toSorted((a, b) => urgency(b) - urgency(a));
}

/** Asks for the pod that the record names; what comes back says why a reservation is not that pod's, if so. */
async function lookUp(
  { podNamespace, podName }: ReservationRecord,
  { findPod, nodeName, signal }: RoundOptions,
): Promise<(record: ReservationRecord) => string | undefined> {
  // Anything else in a request's path might ask for something else.
  if (!isObjectName(podNamespace) || !isObjectName(podName)) return () => "no pod can have its name";
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)]);
  const live = await findPod({ namespace: podNamespace, name: podName }, limit);
  if (live === undefined) return () => "its pod is gone";
  if (live.nodeName !== nodeName) return () => "its pod is gone, one of that name is on another node";
  return (record) => (isPodOf(record, live) ? undefined : "its pod is gone, another one has its name");
}

function isPodOf({ podUid }: ReservationRecord, pod: KnownPod | undefined): boolean {
  return pod !== undefined && (pod.isMirror || podUid === "" || podUid === pod.uid);
}
