// SPDX-License-Identifier: Apache-2.0
// What the plugin needs of a Kubernetes API; the caller brings it.
import { isObject } from "../pool/fields.ts";

export type ApiResource = {
  /** "" for core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Absent: of the whole cluster, or in all namespaces. */
  readonly namespace?: string;
};

export type ApiCall = {
  readonly verb: "get" | "list" | "create";
  readonly resource: ApiResource;
  readonly name?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** Rejects with an Error that names what could not be done; one with `status` is an answer of the API. */
export type Api = { call(call: ApiCall): Promise<unknown> };

export type ApiObject = {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly generation: number;
    readonly createdAtMs: number;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** The whole object. */
  readonly object: Readonly<Record<string, unknown>>;
};

export type Selection = { readonly labelSelector?: string; readonly fieldSelector?: string };

const PAGE_SIZE = 500;
const MOST_STARTS = 3;
const GONE = 410;

/** The HTTP status of an answer that is an error; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "status" in error && typeof error.status === "number"
    ? error.status
    : undefined;
}

/** Lists page by page; of each object only what `keep` makes of it is held. */
export async function listObjects<T>(
  api: Api,
  resource: ApiResource,
  keep: (object: ApiObject) => T,
  selection: Selection = {},
): Promise<T[]> {
  for (let start = 1; ; start++) {
    try {
      return await listOnce(api, resource, keep, selection);
    } catch (error) {
      // Compacted between two pages: half of a list is none.
      if (statusOf(error) !== GONE || start === MOST_STARTS) throw error;
    }
  }
}

async function listOnce<T>(
  api: Api,
  resource: ApiResource,
  keep: (object: ApiObject) => T,
  selection: Selection,
): Promise<T[]> {
  const kept: T[] = [];
  let token = "";
  do {
    const query = { limit: String(PAGE_SIZE), ...selection, ...(token !== "" && { continue: token }) };
    const page = await api.call({ verb: "list", resource, query });
    if (!isObject(page) || !Array.isArray(page.items))
      throw new Error(`the API's list of ${resource.plural} is none`);
    for (const item of page.items as unknown[]) kept.push(keep(readObject(item)));
    token = textAt(page.metadata, "continue");
  } while (token !== "");
  return kept;
}

/** One object; undefined: there is none. */
export async function getObject(
  api: Api,
  resource: ApiResource,
  name: string,
): Promise<ApiObject | undefined> {
  try {
    return readObject(await api.call({ verb: "get", resource, name }));
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function readObject(value: unknown): ApiObject {
  const object = isObject(value) ? value : {};
  const metadata = isObject(object.metadata) ? object.metadata : {};
  return {
    metadata: {
      name: textAt(metadata, "name"),
      namespace: textAt(metadata, "namespace"),
      uid: textAt(metadata, "uid"),
      generation: typeof metadata.generation === "number" ? metadata.generation : 0,
      createdAtMs: Date.parse(textAt(metadata, "creationTimestamp")) || 0,
      labels: textsOf(metadata.labels),
      annotations: textsOf(metadata.annotations),
    },
    object,
  };
}

/** The text at a path of keys; "" where there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The list at a path of keys; empty where there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((at: unknown, key) => (isObject(at) ? at[key] : undefined), value);
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
