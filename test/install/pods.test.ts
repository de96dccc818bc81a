// SPDX-License-Identifier: Apache-2.0
// What the pods of install/ may do to a host, and that the executables take the arguments that they are started with.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { parse } from "yaml";
import { executables, run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import {
  chart,
  expandVariables,
  type Manifest,
  overlays,
  readManifests,
  renderChart,
  renderOverlay,
} from "./rendering.ts";

type Container = {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: object;
  readonly volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean }[];
};

type PodSpec = {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly securityContext: object;
  readonly volumes: readonly { readonly name: string }[];
  readonly [field: string]: unknown;
};

const skip = skipUnless("kubectl", "helm");
const all = [
  "--set=webhook.enabled=true,node.cni.forcePoolName=true,controller.blockReuseDelay=10m",
  "--set=node.extraArgs={--cleaner-interval=120},controller.extraArgs={--v=1}",
];
const renderings: [string, () => Promise<string>][] = [
  ...Object.keys(overlays).map((name): [string, () => Promise<string>] => [name, () => renderOverlay(name)]),
  ["the chart with everything", () => renderChart(all)],
];

function podsOf(manifests: readonly Manifest[]): { daemon: PodSpec; controller: PodSpec } {
  const find = (wanted: string) => {
    const { spec } = manifests.find(({ kind }) => kind === wanted) as unknown as {
      spec: { template: { spec: PodSpec } };
    };
    return spec.template.spec;
  };
  return { daemon: find("DaemonSet"), controller: find("Deployment") };
}

const containersOf = ({ initContainers = [], containers }: PodSpec) => [...initContainers, ...containers];

for (const [name, render] of renderings) {
  test(`${name}: nothing more than is needed`, { skip }, async (t) => {
    const { daemon, controller } = podsOf(readManifests(await render()));
    for (const pod of [daemon, controller]) {
      t.match(pod.securityContext, { seccompProfile: { type: "RuntimeDefault" } });
      for (const field of ["hostNetwork", "hostPID", "hostIPC"]) t.notOk(field in pod, field);
      for (const { name, securityContext, resources } of containersOf(pod)) {
        const { capabilities, ...rest } = securityContext;
        t.match(rest, { privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
        const add = name === "install" ? { add: ["DAC_OVERRIDE"] } : {};
        t.same(capabilities, { drop: ["ALL"], ...add }, name);
        t.match(resources, { requests: { cpu: String, memory: String }, limits: { memory: String } });
      }
    }
    t.match(controller.securityContext, { runAsNonRoot: true, runAsUser: 65532 });
    t.notMatch(JSON.stringify(controller), /hostPath/);
    const writable = (container: Container) =>
      (container.volumeMounts ?? []).filter(({ readOnly }) => !readOnly).map((mount) => mount.name);
    t.same(writable(daemon.initContainers![0]!), ["cnibin", "cniconf"], "only the installer writes there");
    t.same(writable(daemon.containers[0]!), ["daemonstate"]);
    for (const path of ["/var/lib/cni/results", "/var/lib/cni/multus"]) {
      const mount = daemon.containers[0]!.volumeMounts!.find(({ mountPath }) => mountPath === path);
      const volume = daemon.volumes.find(({ name }) => name === mount?.name);
      const hostPath = { path, type: "DirectoryOrCreate" }; // a node without Multus starts all the same
      t.match(
        { mount, volume },
        { mount: { readOnly: true }, volume: { hostPath } },
        `${path} for "recover"`,
      );
    }
    t.match(daemon, { priorityClassName: "system-node-critical", tolerations: [{ operator: "Exists" }] });
  });

  test(`${name}: the executables take their arguments`, { skip }, async (t) => {
    const { daemon, controller } = podsOf(readManifests(await render()));
    for (const { command, args } of [...containersOf(daemon), ...containersOf(controller)]) {
      const [executable] = command;
      const file = executable === "/ipam-node" ? executables.daemon : executables.controller;
      t.match(executable, /^\/ipam-(node|controller)$/);
      const { status, stdout, stderr } = await run(file, [...expandVariables(args), "--version"]);
      t.same({ status, stderr }, { status: 0, stderr: "" }, args.join(" "));
      t.match(stdout, /^ipam-(node|controller) /);
    }
  });
}

test("the image, the chart and the package have one version", { skip }, async (t) => {
  const read = (file: string) => parse(readFileSync(file, "utf8")) as { version: string; appVersion: string };
  const { version } = read(resolve(import.meta.dirname, "../../package.json"));
  const { version: chartVersion, appVersion } = read(join(chart, "Chart.yaml"));
  t.same({ chartVersion, appVersion }, { chartVersion: version, appVersion: version });
  for (const [name, render] of renderings) {
    const { daemon, controller } = podsOf(readManifests(await render()));
    const images = [...containersOf(daemon), ...containersOf(controller)].map(({ image }) => image);
    t.same(new Set(images), new Set([`localhost/nv-ipam:${version}`]), name);
  }
});
