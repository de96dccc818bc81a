// SPDX-License-Identifier: Apache-2.0
import { isObject, nameOf } from "./fields.ts";
import {
  type CIDRPoolSpec,
  cidrPoolShape,
  type IPPoolSpec,
  ipPoolShape,
  nodeShape,
} from "./manifest-shape.ts";
import { findNearest } from "./nearest.ts";
import type { CIDRPoolAllocation, IPPoolAllocation, Problem } from "./pool.ts";
import type { Node } from "./selector.ts";

export const POOL_API_VERSION = "nv-ipam.nvidia.com/v1alpha1";
const API_VERSIONS = { IPPool: POOL_API_VERSION, CIDRPool: POOL_API_VERSION, Node: "v1" } as const;
const KINDS = Object.keys(API_VERSIONS) as Kind[];
type Kind = keyof typeof API_VERSIONS;

type Named = { readonly name: string; readonly namespace: string };

/** `allocations`: absent when there is no status.allocations; texts missing in an entry are "". */
export type IPPoolResource = Named & {
  readonly kind: "IPPool";
  readonly spec: IPPoolSpec;
  readonly allocations?: readonly IPPoolAllocation[];
};
export type CIDRPoolResource = Named & {
  readonly kind: "CIDRPool";
  readonly spec: CIDRPoolSpec;
  readonly allocations?: readonly CIDRPoolAllocation[];
};
export type PoolResource = IPPoolResource | CIDRPoolResource;
export type Resource = PoolResource | { readonly kind: "Node"; readonly node: Node };

/** A manifest as read. With problems the resource holds what could be read; its name is "" when that is missing. */
export type Manifest = {
  readonly resource?: Resource;
  readonly problems: readonly Problem[];
  /** True: of a kind that has nothing to do with pools. */
  readonly foreign: boolean;
  /** Its index where it stands in a list; field paths begin at the item. */
  readonly item?: number;
};

/** `strict`: unknown fields are problems (files); false for objects of an API server, which may be newer. */
export type ReadOptions = {
  readonly strict: boolean;
  /** What an item of a typed list is, where it does not say so itself. */
  readonly kind?: string;
};

/** Reads one IPPool, CIDRPool or Node; only the structure is judged (validate.ts judges what it says). */
export function readResource(value: unknown, { strict, kind: listed }: ReadOptions): Manifest {
  const problems: Problem[] = [];
  const fail = (field: string, message: string, foreign = false): Manifest => ({
    problems: [...problems, { field, message }],
    foreign,
  });
  if (!isObject(value)) return fail("", "is not a Kubernetes object with apiVersion and kind");
  const kind = value.kind ?? listed;
  if (kind === undefined) return fail("kind", `is required: ${KINDS.join(", ")}`);
  const apiVersion = value.apiVersion ?? (value.kind === undefined ? versionOf(listed) : undefined);
  if (!isKind(kind)) return fail("kind", describeKind(kind), isForeign(kind, apiVersion));
  if (apiVersion !== API_VERSIONS[kind]) {
    const given = apiVersion === undefined ? "" : `, not ${nameOf(apiVersion)}`;
    problems.push({
      field: "apiVersion",
      message: `must be "${API_VERSIONS[kind]}" for kind ${kind}${given}`,
    });
  }
  return { resource: readKind(kind, value, problems, strict), problems, foreign: false };
}

/** As readResource, with lists (IPPoolList, CIDRPoolList, NodeList, List) taken apart; an empty document gives none. */
export function readManifests(value: unknown, options: ReadOptions): Manifest[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => ({ ...readResource(item, options), item: index }));
  }
  const kind = isObject(value) && typeof value.kind === "string" ? value.kind : "";
  const listed = kind.endsWith("List") ? kind.slice(0, -"List".length) : undefined;
  if (!isObject(value) || listed === undefined || (listed !== "" && !isKind(listed))) {
    return [readResource(value, options)];
  }
  // Go writes a list that is empty as null, too.
  if (value.items === null) return [];
  if (!Array.isArray(value.items)) {
    return [{ problems: [{ field: "items", message: "must be a list" }], foreign: false }];
  }
  return value.items.map((item: unknown, index) => ({
    ...readResource(item, { ...options, ...(listed !== "" && { kind: listed }) }),
    item: index,
  }));
}

function readKind(kind: Kind, value: unknown, problems: Problem[], strict: boolean): Resource {
  const place = { field: "", problems, strict };
  if (kind === "Node") {
    const { metadata = {} } = nodeShape(value, place) ?? {};
    return { kind, node: { name: metadata.name ?? "", labels: metadata.labels ?? {} } };
  }
  if (kind === "IPPool") {
    const { metadata = {}, spec = {}, status } = ipPoolShape(value, place) ?? {};
    const allocations = status?.allocations?.map(({ nodeName = "", startIP = "", endIP = "" }) => {
      return { nodeName, startIP, endIP };
    });
    return { kind, ...named(metadata), spec, ...(allocations && { allocations }) };
  }
  const { metadata = {}, spec = {}, status } = cidrPoolShape(value, place) ?? {};
  const allocations = status?.allocations?.map(({ nodeName = "", prefix = "", gateway }) => {
    return { nodeName, prefix, ...(gateway && { gateway }) };
  });
  return { kind, ...named(metadata), spec, ...(allocations && { allocations }) };
}

function named({
  name = "",
  namespace = "",
}: {
  readonly name?: string;
  readonly namespace?: string;
}): Named {
  return { name, namespace };
}

function isKind(kind: unknown): kind is Kind {
  return typeof kind === "string" && Object.hasOwn(API_VERSIONS, kind);
}

function versionOf(kind: string | undefined): string | undefined {
  return isKind(kind) ? API_VERSIONS[kind] : undefined;
}

function describeKind(kind: unknown): string {
  const nearest = typeof kind === "string" ? findNearest(kind, KINDS) : undefined;
  const hint = nearest === undefined ? `supported are ${KINDS.join(", ")}` : `did you mean "${nearest}"?`;
  return `${nameOf(kind)} is not supported here, ${hint}`;
}

/** A mistyped kind or one of our group may be a pool that is served; others never were. */
function isForeign(kind: unknown, apiVersion: unknown): boolean {
  const ours = typeof apiVersion === "string" && apiVersion.startsWith("nv-ipam.nvidia.com/");
  return !ours && typeof kind === "string" && findNearest(kind, KINDS) === undefined;
}
