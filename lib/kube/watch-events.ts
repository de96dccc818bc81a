// SPDX-License-Identifier: Apache-2.0
import { isObject } from "../pool/fields.ts";
import { statusError } from "./answer.ts";
import type { Call } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { readJsonLines } from "./json-lines.ts";
import { type KubeObject, readObject } from "./object.ts";
import { acceptOf, type Source, selection } from "./source.ts";

/** A bookmark's object has nothing but the version reached. */
export type WatchEvent =
  | { readonly type: "upsert" | "remove"; readonly object: KubeObject }
  | { readonly type: "bookmark"; readonly object: unknown };

export type WatchRequest = {
  readonly source: Source;
  /** Where the watch goes on: only what is newer comes. */
  readonly version: string;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
};

// etcd holds objects up to 1.5 MB; an event is one object and a few bytes.
const LONGEST_EVENT = 8 * 2 ** 20;
const SHORTEST_S = 300;
const LONGEST_S = 600;

/** Resolves once the API has agreed to watch. The events end when the server ends them, and reject for an ERROR event. */
export async function openWatch(cluster: Cluster, request: WatchRequest): Promise<AsyncIterable<WatchEvent>> {
  const call = watchCall(request);
  return eventsOf(await cluster.stream(call, request.silenceMs), call);
}

function watchCall({ source, version, signal }: WatchRequest): Call {
  const seconds = SHORTEST_S + Math.floor(Math.random() * (LONGEST_S - SHORTEST_S));
  return {
    verb: "watch",
    resource: source.resource,
    query: {
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: version,
      timeoutSeconds: String(seconds),
      ...selection(source),
    },
    accept: acceptOf(source, "object"),
    signal,
  };
}

async function* eventsOf(chunks: AsyncIterable<Buffer>, call: Call): AsyncGenerator<WatchEvent> {
  for await (const line of readJsonLines(chunks, LONGEST_EVENT)) {
    if (!isObject(line)) throw new Error("the API's answer is not a watch event");
    const { type, object } = line;
    if (type === "ADDED" || type === "MODIFIED") yield { type: "upsert", object: readObject(object) };
    else if (type === "DELETED") yield { type: "remove", object: readObject(object) };
    else if (type === "BOOKMARK") yield { type: "bookmark", object };
    else if (type === "ERROR") throw statusError(object, call);
    else throw new Error(`the API's answer is a watch event of unknown type ${JSON.stringify(type)}`);
  }
}
