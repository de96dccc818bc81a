// SPDX-License-Identifier: Apache-2.0
import { isObject } from "../pool/fields.ts";

/** What every object of the API has; the rest is read by who knows the kind. */
export type KubeObject = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string | null;
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
};

/** Throws for anything that no API server sends. */
export function readObject(value: unknown): KubeObject {
  const metadata = isObject(value) ? value.metadata : undefined;
  if (!isObject(metadata) || typeof metadata.name !== "string" || metadata.name === "") {
    throw new Error("the API's answer is not an object with a name");
  }
  return value as KubeObject;
}

/** The version that a list or an event stands for. */
export function versionOf(value: unknown): string {
  const metadata = isObject(value) ? value.metadata : undefined;
  const version = isObject(metadata) ? metadata.resourceVersion : undefined;
  if (typeof version !== "string" || version === "") {
    throw new Error("the API's answer has no metadata.resourceVersion");
  }
  return version;
}

/** "namespace/name", or "name" for objects of the cluster. */
export function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}
