// SPDX-License-Identifier: Apache-2.0
// What users get from install/: the overlays as kubectl renders them, the chart as helm does.
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { cached } from "../support/cache.ts";
import { run } from "../support/executables.ts";

export const install = resolve(import.meta.dirname, "../../install");
export const chart = join(install, "chart", "nv-ipam");

/** Each overlay, and the chart's values that come to the same. */
export const overlays: Readonly<Record<string, readonly string[]>> = {
  "no-webhook": [],
  certmanager: ["--set=webhook.enabled=true"],
  openshift: ["--set=webhook.enabled=true", "--set=openshift.enabled=true"],
};

const goImage = "rollback.enabled=true,rollback.image=ghcr.io/mellanox/nvidia-k8s-ipam:latest";

/** The overlays that lead back to the Go daemon, each over another one, and the chart's values whose objects hold theirs. */
export const rollbacks: Readonly<
  Record<string, { readonly over: string; readonly flags: readonly string[] }>
> = {
  rollback: { over: "no-webhook", flags: [`--set=${goImage}`] },
  "rollback-openshift": { over: "openshift", flags: [...overlays.openshift!, `--set=${goImage}`] },
};

/** A container's arguments as kubelet gives them, with names for what only a cluster knows. */
export function expandVariables(args: readonly string[]): string[] {
  return args.map((arg) =>
    arg.replaceAll(/\$\((\w+)\)/g, (_, name: string) => name.toLowerCase().replaceAll("_", "-")),
  );
}

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

async function output(file: string, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(file, args);
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${status}\n${stderr}`);
  return stdout;
}

/** A directory with a kustomization, as YAML. */
export function renderKustomization(dir: string): Promise<string> {
  return output(cached.kubectl, ["kustomize", dir]);
}

export function renderOverlay(name: string): Promise<string> {
  return renderKustomization(join(install, "overlays", name));
}

/** The chart, as YAML. */
export function renderChart(flags: readonly string[], from = chart): Promise<string> {
  const namespace = flags.some((flag) => flag.startsWith("--namespace")) ? [] : ["--namespace=kube-system"];
  return output(cached.helm, ["template", "nv-ipam", from, ...namespace, ...flags]);
}

export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

export function nameOf({ kind, metadata }: Manifest): string {
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join(" ");
}

/** By kind, namespace and name. */
export function byName(manifests: readonly Manifest[]): Record<string, Manifest> {
  return Object.fromEntries(manifests.map((manifest) => [nameOf(manifest), manifest]));
}
