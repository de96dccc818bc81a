// SPDX-License-Identifier: Apache-2.0

/** One kind of object in one place of the API. `namespace` absent: of the whole cluster, or in all namespaces. */
export type Resource = {
  /** "" for core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
};

/** The verbs as RBAC names them; "patch" is a JSON merge patch. */
export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch";

export type Call = {
  readonly verb: Verb;
  readonly resource: Resource;
  /** The object; absent for list, watch and create. */
  readonly name?: string;
  readonly subresource?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What to answer in; plain JSON by default. */
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** For the whole answer; for a watch until its head. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
};

export const METHODS = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
} as const;

/** Path and query below the server's address. */
export function callPath({ resource, name, subresource, query = {} }: Call): string {
  const { group, version, plural, namespace } = resource;
  const place = namespace === undefined ? [] : ["namespaces", namespace];
  const segments = [
    ...(group === "" ? ["api"] : ["apis", group]),
    version,
    ...place,
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const search = new URLSearchParams(query).toString();
  return `/${segments.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
}

/** "ippools in namespace kube-system", "nodes". */
export function describeResource({ plural, namespace }: Resource): string {
  return namespace === undefined ? plural : `${plural} in namespace ${namespace}`;
}

/** What RBAC calls it: "ippools/status". */
function rbacResource({ resource, subresource }: Call): string {
  return subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
}

/** "list ippools in namespace kube-system", "update ippools/status \"a\" in namespace kube-system". */
export function describeCall(call: Call): string {
  const { verb, resource, name } = call;
  const object = name === undefined ? "" : ` "${name}"`;
  const place = resource.namespace === undefined ? "" : ` in namespace ${resource.namespace}`;
  return `${verb} ${rbacResource(call)}${object}${place}`;
}

/** The RBAC rule that would allow the call. */
export function describeRule(call: Call): string {
  const { verb, resource } = call;
  const where = resource.namespace === undefined ? "a ClusterRole" : `a Role in ${resource.namespace}`;
  return `${where} with verb "${verb}" on resource "${rbacResource(call)}" of API group "${resource.group}"`;
}
