// SPDX-License-Identifier: Apache-2.0
// The pods of install/base, as kubelet reads them.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readManifests } from "../install/rendering.ts";
import { repository } from "./image.ts";

type SecurityContext = {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly readOnlyRootFilesystem?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
};

type Variable = {
  readonly name: string;
  readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
};

export type ContainerManifest = {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly Variable[];
  readonly securityContext: SecurityContext;
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
};

export type PodManifest = {
  readonly serviceAccountName: string;
  readonly securityContext: SecurityContext;
  readonly initContainers?: readonly ContainerManifest[];
  readonly containers: readonly ContainerManifest[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly hostPath: { readonly path: string; readonly type?: string };
  }[];
};

/** The pod of a DaemonSet or Deployment. */
function readPod(file: string): PodManifest {
  const [manifest] = readManifests(readFileSync(join(repository, "install/base", file), "utf8"));
  return (manifest as unknown as { spec: { template: { spec: PodManifest } } }).spec.template.spec;
}

export const pods = { daemon: readPod("daemonset.yaml"), controller: readPod("deployment.yaml") };

/** Makes the directories of the host that kubelet makes for a pod. */
export function makeHostPaths({ volumes = [] }: PodManifest, host: string): void {
  for (const { hostPath } of volumes)
    if (hostPath.type === "DirectoryOrCreate")
      mkdirSync(join(host, hostPath.path), { recursive: true, mode: 0o755 });
}

/** What kubelet and the runtime are told: variables put in, the pod's settings where the container has none. */
export type RunSpec = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  /** A mask, in hexadecimal digits. */
  readonly capabilities: string;
  readonly mounts: readonly { readonly from: string; readonly to: string; readonly readOnly: boolean }[];
  readonly probe?: { readonly path: string; readonly port: number };
};

/** Bits of linux/capability.h, of those that the manifests add. */
const BITS: Readonly<Record<string, bigint>> = { DAC_OVERRIDE: 1n };

function maskOf({ capabilities: { drop = [], add = [] } = {} }: SecurityContext): string {
  if (!drop.includes("ALL")) throw new Error("this runtime grants no capabilities of its own");
  return add.reduce((mask, name) => mask | (1n << BITS[name]!), 0n).toString(16);
}

function probeOf({ readinessProbe, ports = [] }: ContainerManifest): RunSpec["probe"] {
  if (readinessProbe === undefined) return undefined;
  const { path, port } = readinessProbe.httpGet;
  return { path, port: ports.find(({ name }) => name === port)!.containerPort };
}

/**
 * How a container of the pod is run on a host whose root directory is `host`; `fields` are those of the pod that its
 * variables come from.
 */
export function specOf(
  pod: PodManifest,
  container: ContainerManifest,
  { host, fields }: { readonly host: string; readonly fields: Readonly<Record<string, string>> },
): RunSpec {
  const context = { ...pod.securityContext, ...container.securityContext };
  if (!context.readOnlyRootFilesystem || context.allowPrivilegeEscalation !== false)
    throw new Error("this runtime knows a read-only root without new privileges only");
  const env = Object.fromEntries(
    (container.env ?? []).map(({ name, valueFrom }) => [name, fields[valueFrom.fieldRef.fieldPath]!]),
  );
  const expand = (text: string) => text.replaceAll(/\$\((\w+)\)/g, (_, name: string) => env[name]!);
  const hostPath = (volume: string) => pod.volumes!.find(({ name }) => name === volume)!.hostPath.path;
  const probe = probeOf(container);
  return {
    argv: [...container.command, ...container.args.map(expand)],
    ...{ env, uid: context.runAsUser!, gid: context.runAsGroup!, capabilities: maskOf(context) },
    mounts: (container.volumeMounts ?? []).map(({ name, mountPath, readOnly = false }) => ({
      ...{ from: join(host, hostPath(name)), to: mountPath.replace(/\/$/, ""), readOnly },
    })),
    ...(probe !== undefined && { probe }),
  };
}
