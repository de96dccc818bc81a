// SPDX-License-Identifier: Apache-2.0
import { isObject } from "../pool/fields.ts";
import type { Call } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { hasStatus } from "./error.ts";
import { eventName, eventNamespace, eventObject, eventUpdate, type KubeEvent } from "./event-object.ts";

export type Occurrence = { readonly count: number; readonly at: Date };

const TIMEOUT_MS = 10_000;

/**
 * Makes the API's event say that it happened `occurrence.count` times more, creating it if it is not there; `known`: the
 * count it has there, if that is known. Resolves with the count it has now.
 */
export async function writeEvent(
  cluster: Cluster,
  event: KubeEvent,
  { component, occurrence, known, signal }: WriteOptions,
): Promise<number> {
  const resource = { group: "", version: "v1", plural: "events", namespace: eventNamespace(event) };
  const call = (rest: Omit<Call, "resource">): Promise<unknown> =>
    cluster.call({ resource, timeoutMs: TIMEOUT_MS, signal, ...rest });
  const name = eventName(event, component);
  const raise = async (from: number): Promise<number> => {
    const count = from + occurrence.count;
    await call({ verb: "patch", name, body: eventUpdate({ ...occurrence, count }) });
    return count;
  };
  if (known !== undefined) {
    try {
      return await raise(known);
    } catch (error) {
      if (!hasStatus(error, 404)) throw error; // events live for an hour
    }
  }
  try {
    await call({ verb: "create", body: eventObject(event, component, occurrence) });
    return occurrence.count;
  } catch (error) {
    if (!hasStatus(error, 409)) throw error; // a process before this one, or another replica, has created it
  }
  return raise(countOf(await call({ verb: "get", name })));
}

type WriteOptions = {
  readonly component: string;
  readonly occurrence: Occurrence;
  readonly known: number | undefined;
  readonly signal: AbortSignal;
};

function countOf(event: unknown): number {
  return isObject(event) && typeof event.count === "number" ? event.count : 1;
}
