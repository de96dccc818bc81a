// SPDX-License-Identifier: Apache-2.0
import type { Resource } from "./call.ts";

/** Which objects are watched, and how they are asked for. */
export type Source = {
  readonly resource: Resource;
  readonly fieldSelector?: string;
  /** True: the API sends metadata alone (a node of 20 KB becomes one of 1 KB). */
  readonly metadataOnly: boolean;
  readonly pageSize: number;
  /** "": as etcd has it, in pages; "0": as the API server's cache has it, without any cost for etcd. */
  readonly listFrom: "" | "0";
};

const PARTIAL = "g=meta.k8s.io;v=v1";

/** Servers that cannot send metadata alone send whole objects. */
export function acceptOf({ metadataOnly }: Source, form: "list" | "object"): string {
  if (!metadataOnly) return "application/json";
  const kind = form === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  return `application/json;as=${kind};${PARTIAL},application/json`;
}

export function selection({ fieldSelector }: Source): { readonly fieldSelector?: string } {
  return fieldSelector === undefined ? {} : { fieldSelector };
}
