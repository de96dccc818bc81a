// SPDX-License-Identifier: Apache-2.0
// The chart renders to the objects of the overlays, and refuses values that it does not know.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "tap";
import { parse } from "yaml";
import { cached } from "../support/cache.ts";
import { run } from "../support/executables.ts";
import { skipUnless } from "../support/layers.ts";
import {
  byName,
  chart,
  install,
  type Manifest,
  overlays,
  readManifests,
  renderChart,
  renderKustomization,
  renderOverlay,
  rollbacks,
} from "./rendering.ts";

const skip = skipUnless("kubectl", "helm");

/** The one thing that only the chart says: what "helm uninstall" leaves. */
const KEEP = "helm.sh/resource-policy";

function withoutKeep(manifest: Manifest): Manifest {
  if (manifest.kind !== "CustomResourceDefinition") return manifest;
  const { annotations: { [KEEP]: _, ...rest } = {}, ...metadata } = manifest.metadata;
  const annotations = Object.keys(rest).length === 0 ? {} : { annotations: rest };
  return { ...manifest, metadata: { ...metadata, ...annotations } };
}

const read = (text: string) => byName(readManifests(text).map(withoutKeep));

for (const [name, flags] of Object.entries(overlays)) {
  test(`the chart as the overlay ${name}`, { skip }, async (t) => {
    const [overlay, rendered] = await Promise.all([renderOverlay(name), renderChart(flags)]);
    t.ok(readManifests(overlay).length >= 17);
    t.same(read(rendered), read(overlay));
    for (const { kind, metadata } of readManifests(rendered)) {
      const kept = kind === "CustomResourceDefinition" ? "keep" : undefined;
      t.equal(metadata.annotations?.[KEEP], kept, `${kind} ${metadata.name}`);
    }
  });
}

/** A kustomization of a user, as docs/install.md describes it; the path of its directory. */
function writeKustomization(dir: string, lines: readonly string[]): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "kustomization.yaml"), `${lines.join("\n")}\n`);
  return dir;
}

test("another namespace, another image, and the options", { skip }, async (t) => {
  const dir = t.testdir({});
  cpSync(install, join(dir, "install"), { recursive: true });
  const user = writeKustomization(join(dir, "user"), [
    "namespace: nets",
    "resources:",
    "- ../install/overlays/no-webhook",
    "components:",
    "- ../install/components/monitoring",
    "- ../install/components/selinux",
    "images:",
    "- name: localhost/nv-ipam",
    "  newName: registry.example.com/nv-ipam",
    "  newTag: test",
  ]);
  const flags = [
    "--namespace=nets",
    "--set=image.repository=registry.example.com/nv-ipam,image.tag=test",
    "--set=monitoring.enabled=true,node.seLinuxType=spc_t",
  ];
  const wanted = read(await renderKustomization(user));
  t.same(read(await renderChart(flags)), wanted);
  const policy = read(await renderKustomization(join(install, "policy")));
  t.same(read(await renderChart([...flags, "--set=admissionPolicy.enabled=true"])), { ...wanted, ...policy });
});

test("a packaged chart is whole", { skip }, async (t) => {
  const dir = t.testdir({});
  t.match(await run(cached.helm, ["package", chart, "--destination", dir]), { status: 0 });
  const { version } = parse(readFileSync(join(chart, "Chart.yaml"), "utf8")) as { version: string };
  const flags = ["--set=admissionPolicy.enabled=true"];
  t.equal(await renderChart(flags, join(dir, `nv-ipam-${version}.tgz`)), await renderChart(flags));
  t.match(await run(cached.helm, ["lint", "--strict", chart]), { status: 0 });
});

test("a copy that lost its links says so", { skip }, async (t) => {
  const dir = t.testdir({});
  cpSync(chart, join(dir, "chart"), {
    recursive: true,
    filter: (source) => !relative(chart, source).startsWith("files"),
  });
  await t.rejects(renderChart([], join(dir, "chart")), { message: /the chart lacks files\/crds/ });
  const flags = ["--set=crds.install=false,admissionPolicy.enabled=true"];
  await t.rejects(renderChart(flags, join(dir, "chart")), { message: /the chart lacks files\/policy/ });
});

const refused: [values: string, message: RegExp][] = [
  ["nod.verbosity=1", /additional properties 'nod' not allowed/],
  ["node.cni.binDirectory=/x", /'\/node\/cni'.*'binDirectory' not allowed/],
  ["node.cni.stateDir=var", /\/node\/cni\/stateDir/],
  ["node.cni.logLevel=loud", /\/node\/cni\/logLevel/],
  ["node.cni.callTimeoutSeconds=0", /\/node\/cni\/callTimeoutSeconds/],
  ["node.maxUnavailable=0", /\/node\/maxUnavailable/],
  ["node.maxUnavailable=0%", /\/node\/maxUnavailable/],
  ["node.extraArgs={v}", /\/node\/extraArgs\/0/],
  ["controller.replicas=0", /\/controller\/replicas/],
  ["controller.blockReuseDelay=ten", /\/controller\/blockReuseDelay/],
  ["webhook.certificate=acme", /'cert-manager', 'service-ca', 'provided'/],
  ["webhook.enabled=true,webhook.certificate=provided", /needs webhook.caBundle/],
  ["image.repository=a@sha256:b", /\/image\/repository/],
];

test("values that cannot be meant are refused", { skip }, async (t) => {
  for (const [values, message] of refused) {
    await t.rejects(renderChart([`--set=${values}`]), { message }, values);
  }
});

test("each value arrives", { skip }, async (t) => {
  const text = await renderChart([
    "--set=node.cni.stateDir=/data/ipam,node.cni.confDir=/data/conf,node.cni.binDir=/usr/libexec/cni",
    "--set=node.cni.logFile=/data/log,node.cni.logLevel=debug,node.cni.callTimeoutSeconds=20",
    "--set=node.cni.forcePoolName=true,node.maxUnavailable=3,node.verbosity=2,node.extraArgs={--one}",
    "--set=controller.blockReuseDelay=1h30m,controller.replicas=3,controller.extraArgs={--two}",
    "--set=image.pullSecrets[0].name=login,image.pullPolicy=Always,networkPolicy.enabled=false",
    "--set=webhook.enabled=true,webhook.certificate=provided,webhook.caBundle=QQ==,webhook.secretName=pair",
  ]);
  const objects = byName(readManifests(text));
  const node = objects["DaemonSet kube-system nv-ipam-node-ds"];
  const controller = objects["Deployment kube-system nv-ipam-controller"];
  t.match(node, { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 3 } } } });
  t.match(controller, { spec: { replicas: 3 } });
  const [nodeText, controllerText] = [JSON.stringify(node), JSON.stringify(controller)];
  for (const part of [
    ...[
      '"path":"/usr/libexec/cni"',
      '"path":"/data/conf"',
      '"mountPath":"/data/conf"',
      '"path":"/data/ipam"',
    ],
    ...["--store-file=/data/ipam/store", "--bind-address=unix:///data/ipam/daemon.sock", "--v=2", '"--one"'],
    ...["--cni-daemon-socket=unix:///data/ipam/daemon.sock", "--cni-conf-dir=/data/conf"],
    ...["--cni-log-file=/data/log", "--cni-log-level=debug", "--cni-daemon-call-timeout=20"],
    ...['"--cni-force-pool-name"', '"imagePullSecrets":[{"name":"login"}]', '"imagePullPolicy":"Always"'],
  ]) {
    t.ok(nodeText.includes(part), part);
  }
  for (const part of ["--block-reuse-delay=1h30m", '"--two"', '"secretName":"pair"', "--webhook=true"]) {
    t.ok(controllerText.includes(part), part);
  }
  const kinds = Object.values(objects).map(({ kind }) => kind);
  for (const kind of ["NetworkPolicy", "Certificate", "Issuer"]) t.notOk(kinds.includes(kind), kind);
  t.match(objects["ValidatingWebhookConfiguration nv-ipam-validating-webhook-configuration"], {
    webhooks: [{ clientConfig: { caBundle: "QQ==" } }, { clientConfig: { caBundle: "QQ==" } }],
  });
});

test("no tolerations at all", { skip }, async (t) => {
  const flags = ["--set-json=node.tolerations=[]", "--set-json=controller.tolerations=[]"];
  for (const more of [[], rollbacks.rollback!.flags]) {
    const objects = byName(readManifests(await renderChart([...flags, ...more])));
    for (const name of ["DaemonSet kube-system nv-ipam-node-ds", "Deployment kube-system nv-ipam-controller"])
      t.match(objects[name], { spec: { template: { spec: { tolerations: [] } } } });
  }
});
