// SPDX-License-Identifier: Apache-2.0
// One look at every reservation: is the pod that it was made for still there?
import type { Desk, ReservationRecord } from "./call.ts";
import { NewestContainers } from "./cleaner-replaced.ts";
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

/** Told of each reservation that was not found. What a round that fails has told is not true. */
export type Verdicts = {
  missed(record: ReservationRecord, reason: string): void;
  /** One lookup too many: left to a later round. */
  postponed(record: ReservationRecord): void;
};

/** Why a reservation is not the pod's that was looked up; undefined when it is. */
type FindReason = (record: ReservationRecord) => string | undefined;

/** So few that a page is forgotten before the collector takes it for long-lived: with 500 a round took 20 MB more. */
const PAGE = 100;
const LOOKUP_TIMEOUT_MS = 10_000;

/**
 * Rejects when the store or the API does not answer: then nothing is known of any reservation. The list is gone through twice
 * and never held as a whole. Each page of it is a call of its own, so the store is free while the API is asked.
 */
export async function runRound(options: RoundOptions, verdicts: Verdicts): Promise<void> {
  const { pods, missesOf } = options;
  const containers = new NewestContainers();
  /** By pod that the watch does not show: how often one of its reservations has been missed before. */
  const doubtful = new Map<string, number>();
  for await (const page of listPages(options)) {
    for (const record of page) {
      containers.see(record);
      const key = podKey(record);
      if (!isPodOf(record, pods.find(key)))
        doubtful.set(key, Math.max(doubtful.get(key) ?? 0, missesOf(record)));
    }
  }
  const reasons = await lookUpPods(doubtful, options);
  const judge = (record: ReservationRecord): void => {
    const isReplaced = containers.haveReplaced(record);
    if (!isReplaced && isPodOf(record, pods.find(podKey(record)))) return;
    const findReason = isReplaced ? whyReplaced : reasons.get(podKey(record));
    const reason = findReason?.(record);
    if (findReason === undefined) verdicts.postponed(record);
    else if (reason !== undefined) verdicts.missed(record, reason);
  };
  for await (const page of listPages(options)) for (const record of page) judge(record);
}

const whyReplaced: FindReason = () => "a newer container of the pod has taken its place";

function podKey({ podNamespace, podName }: ReservationRecord): string {
  return `${podNamespace}/${podName}`;
}

/** Those that name a pod; no other is ever judged. */
async function* listPages({ desk, signal }: RoundOptions): AsyncGenerator<ReservationRecord[]> {
  let after: string | undefined;
  do {
    const page = { filter: {}, limit: PAGE, ...(after !== undefined && { after }) };
    const { reservations, next } = await desk.call("listReservations", page, signal);
    yield reservations.filter(({ podName, podNamespace }) => podName !== "" && podNamespace !== "");
    after = next;
  } while (after !== undefined);
}

/** Those that were missed most come first. */
async function lookUpPods(
  doubtful: ReadonlyMap<string, number>,
  options: RoundOptions,
): Promise<Map<string, FindReason>> {
  const urgent = [...doubtful].sort(([, a], [, b]) => b - a).slice(0, options.lookups);
  const reasons = new Map<string, FindReason>();
  for (const [key] of urgent) reasons.set(key, await lookUp(key, options));
  return reasons;
}

/** Asks for a pod, by "namespace/name". */
async function lookUp(key: string, { findPod, nodeName, signal }: RoundOptions): Promise<FindReason> {
  const slash = key.indexOf("/");
  const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
  // Anything else in a request's path might ask for something else.
  if (!isObjectName(namespace) || !isObjectName(name)) return () => "no pod can have its name";
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)]);
  const live = await findPod({ namespace, name }, limit);
  if (live === undefined) return () => "its pod is gone";
  if (live.nodeName !== nodeName) return () => "its pod is gone, one of that name is on another node";
  return (record) => (isPodOf(record, live) ? undefined : "its pod is gone, another one has its name");
}

function isPodOf({ podUid }: ReservationRecord, pod: KnownPod | undefined): boolean {
  return pod !== undefined && (pod.isMirror || podUid === "" || podUid === pod.uid);
}
