// SPDX-License-Identifier: Apache-2.0
// The examples' networks and pods, and how Multus makes a plugin's input of them.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";

/** Where the examples are. */
export const examples = resolve(import.meta.dirname, "../../docs/examples");

export type Manifest = {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
};

/** What a pod asks for of one network. */
type Attachment = {
  readonly name: string;
  readonly ips?: readonly string[];
  readonly "cni-args"?: Readonly<Record<string, unknown>>;
};

type NetworkConfig = {
  readonly name: string;
  readonly capabilities?: { readonly ips?: boolean };
  readonly ipam: Readonly<Record<string, unknown>>;
};

/** Names of the example files, sorted. */
export function exampleFiles(): string[] {
  return readdirSync(examples)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
}

export function readExample(file: string): Manifest[] {
  const documents = parseAllDocuments(readFileSync(join(examples, file), "utf8"));
  return documents.map((document) => document.toJS({ maxAliasCount: 0 }) as Manifest);
}

/** The network configurations that Multus hands to the main plugin for each network of the pod, in order. */
export function networkConfigs(pod: Manifest, manifests: readonly Manifest[]): NetworkConfig[] {
  const asked = pod.metadata.annotations?.["k8s.v1.cni.cncf.io/networks"] ?? "";
  const attachments: Attachment[] = asked.startsWith("[")
    ? (JSON.parse(asked) as Attachment[])
    : asked.split(",").map((name) => ({ name }));
  return attachments.map((attachment) => {
    const found = manifests.find(
      ({ kind, metadata }) => kind === "NetworkAttachmentDefinition" && metadata.name === attachment.name,
    );
    if (found === undefined)
      throw new Error(`${pod.metadata.name} asks for ${attachment.name}, which is none`);
    const config = JSON.parse(String(found.spec.config)) as NetworkConfig;
    const cni = attachment["cni-args"];
    return {
      ...config,
      ...(cni !== undefined && { args: { cni } }),
      ...(config.capabilities?.ips === true &&
        attachment.ips !== undefined && { runtimeConfig: { ips: attachment.ips } }),
    };
  });
}
