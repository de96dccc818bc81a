// SPDX-License-Identifier: Apache-2.0
import { isObject } from "../pool/fields.ts";
import type { Call } from "./call.ts";
import type { Cluster } from "./cluster.ts";
import { hasStatus } from "./error.ts";
import { type KubeObject, readObject, versionOf } from "./object.ts";
import { acceptOf, type Source, selection } from "./source.ts";

export type ListRequest = {
  readonly source: Source;
  /** Each object as its page comes, so that never more than a page is held; not yet the whole list. */
  readonly take: (object: KubeObject) => void;
  /** What was taken so far is void: the list begins anew. */
  readonly restart: () => void;
  readonly signal: AbortSignal;
};

const TIMEOUT_MS = 60_000; // the API server gives up then too
const MOST_STARTS = 3;

/** Lists all objects, page by page. Resolves with the version from which a watch goes on. */
export async function listPages(cluster: Cluster, request: ListRequest): Promise<string> {
  for (let start = 1; ; start++) {
    request.restart();
    try {
      return await listOnce(cluster, request);
    } catch (error) {
      // Compacted between two pages: half of a list is none.
      if (!hasStatus(error, 410) || start === MOST_STARTS) throw error;
    }
  }
}

async function listOnce(cluster: Cluster, { source, take, signal }: ListRequest): Promise<string> {
  for (let token = ""; ; ) {
    const page = await cluster.call({ ...pageCall(source, token), signal });
    for (const item of itemsOf(page)) take(readObject(item));
    token = continuation(page);
    if (token === "") return versionOf(page);
  }
}

function pageCall(source: Source, token: string): Call {
  const from = source.listFrom === "" ? {} : { resourceVersion: source.listFrom };
  return {
    verb: "list",
    resource: source.resource,
    query: {
      limit: String(source.pageSize),
      ...selection(source),
      ...(token === "" ? from : { continue: token }),
    },
    accept: acceptOf(source, "list"),
    timeoutMs: TIMEOUT_MS,
  };
}

function itemsOf(page: unknown): readonly unknown[] {
  const items = isObject(page) ? page.items : undefined;
  if (items === null) return []; // how Go writes an empty list
  if (!Array.isArray(items)) throw new Error("the API's answer is not a list");
  return items;
}

function continuation(page: unknown): string {
  const metadata = isObject(page) ? page.metadata : undefined;
  const token = isObject(metadata) ? metadata.continue : undefined;
  return typeof token === "string" ? token : "";
}
