// SPDX-License-Identifier: Apache-2.0
// Pools of a test's namespace, and what becomes of them.
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiServer } from "../support/api-server.ts";
import { poolPath } from "../support/api-server-objects.ts";

export type Condition = { type: string; status: string; reason: string; message: string };

export type Status = {
  allocations: Readonly<Record<string, string>>[];
  conditions: Condition[];
  observedGeneration: number;
  allocatedNodes: number;
  freeBlocks: number;
  releasedBlocks?: Readonly<Record<string, string>>[];
};

export type LivePool = {
  metadata: { name: string; uid: string; resourceVersion: string; generation: number };
  spec: Record<string, unknown>;
  status?: Status;
};

export type PoolName = {
  readonly kind: "IPPool" | "CIDRPool";
  readonly namespace: string;
  readonly name: string;
};

const PATIENCE_MS = 60_000;

/** Asks again until `found` gives something; rejects with what it said last. */
export async function until<T>(found: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await found();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endMs) throw new Error(`in ${PATIENCE_MS / 1000} s not: ${what}`);
    await sleep(20);
  }
}

/** The pool as soon as its status is as wanted. */
export async function poolWhen(
  { admin }: ApiServer,
  { kind, namespace, name }: PoolName,
  isWanted: (status: Status, pool: LivePool) => boolean,
): Promise<LivePool & { status: Status }> {
  let last: LivePool | undefined;
  const look = async (): Promise<(LivePool & { status: Status }) | false> => {
    last = await admin.get<LivePool>(poolPath(kind, namespace, name));
    const { status } = last;
    return status !== undefined && isWanted(status, last) && { ...last, status };
  };
  return await until(look, `the wanted status of ${kind} ${name}`).catch((error: unknown) => {
    throw new Error(`the status is ${JSON.stringify(last?.status)}`, { cause: error });
  });
}

/** "NODE START-END" or "NODE PREFIX GATEWAY" for each entry. */
export function blocksOf({ allocations }: Status): string[] {
  return allocations.map(({ nodeName, startIP, endIP, prefix, gateway }) =>
    prefix === undefined
      ? `${nodeName} ${startIP}-${endIP}`
      : [nodeName, prefix, gateway].filter(Boolean).join(" "),
  );
}

/** The Ready condition as "False InvalidSpec". */
export function readyOf({ conditions }: Status): string {
  const ready = conditions.find(({ type }) => type === "Ready");
  return `${ready?.status} ${ready?.reason}`;
}

type EventList = {
  items: {
    reason: string;
    message: string;
    type: string;
    source: { component: string };
    involvedObject: { name: string; kind: string; uid: string };
    count?: number;
  }[];
};

/** "IPPoolController Warning NoFreeRanges p: message" for each event of the namespace. */
export async function eventsOf({ admin }: ApiServer, namespace: string): Promise<string[]> {
  const { items } = await admin.get<EventList>(`/api/v1/namespaces/${namespace}/events`);
  return items.map(
    ({ source, type, reason, involvedObject, message }) =>
      `${source.component} ${type} ${reason} ${involvedObject.name}: ${message}`,
  );
}

/** Waits for events that contain the texts. */
export async function eventsWhen(
  server: ApiServer,
  namespace: string,
  ...texts: readonly string[]
): Promise<string[]> {
  return await until(
    async () => {
      const events = await eventsOf(server, namespace);
      return texts.every((text) => events.some((event) => event.includes(text))) && events;
    },
    `events with ${texts.join(" and ")}`,
  );
}
