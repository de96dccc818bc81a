// SPDX-License-Identifier: Apache-2.0
// The objects of a cluster that runs the Go nv-ipam: their names, labels, selectors, service accounts, containers and
// volumes, as its overlays make them. What an apply of ours has to replace.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { definitions } from "../support/api-server.ts";
import type { Manifest } from "./rendering.ts";

const NAMESPACE = "kube-system";
const IMAGE = "ghcr.io/mellanox/nvidia-k8s-ipam:latest";
const CERTIFICATE = "nv-ipam-webhook-server-cert";
const app = { app: "nvidia-k8s-ipam" };

type Extra = { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };

const meta = (name: string, { labels, annotations }: Extra = {}) => ({
  name,
  labels: { ...app, ...labels },
  ...(annotations && { annotations }),
});
const inNamespace = (name: string, extra: Extra = {}) => ({ ...meta(name, extra), namespace: NAMESPACE });
const rule = (group: string, resources: string[], verbs: string[]) => ({
  ...{ apiGroups: [group], resources, verbs },
});

const podEnv = {
  name: "POD_NAMESPACE",
  valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } },
};
const nodeEnv = { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } };
const tolerations = [
  "node-role.kubernetes.io/master",
  "node-role.kubernetes.io/control-plane",
  "nvidia.com/gpu",
].map((key) => ({ key, operator: "Exists", effect: "NoSchedule" }));

function access(component: string, rules: unknown[]): Manifest[] {
  const name = `nv-ipam-${component}`;
  const rbac = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: inNamespace(name) },
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: meta(name), rules },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata: meta(name) },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: NAMESPACE }],
    },
  ];
}

const pools = "nv-ipam.nvidia.com";
const everything = ["get", "list", "watch", "create", "update", "patch", "delete"];
const nodeRules = [
  rule("", ["nodes", "pods", "configmaps"], ["get", "list", "watch"]),
  rule(pools, ["ippools", "cidrpools"], ["get", "list", "watch"]),
];
const controllerRules = [
  rule("", ["nodes"], ["get", "list", "patch", "update", "watch"]),
  rule("", ["configmaps"], ["get", "list", "watch", "delete"]),
  rule(pools, ["ippools", "cidrpools"], ["get", "list", "watch", "create"]),
  rule(pools, ["ippools/status", "cidrpools/status"], ["get", "update", "patch"]),
  rule("coordination.k8s.io", ["leases"], everything),
  rule("", ["events"], ["create", "patch"]),
];

function daemonSet(binDir: string): Manifest {
  const labels = { tier: "node", name: "nv-ipam-node" };
  const volumes = Object.entries({
    cnibin: ["/opt/cni/bin", binDir],
    cniconf: ["/etc/cni/net.d/nv-ipam.d", "/etc/cni/net.d/nv-ipam.d"],
    daemonstate: ["/var/lib/cni/nv-ipam/", "/var/lib/cni/nv-ipam/"],
  });
  const container = {
    ...{ name: "node", image: IMAGE, imagePullPolicy: "IfNotPresent", command: ["/ipam-node"] },
    args: ["--node-name=$(NODE_NAME)", "--v=1", "--cni-daemon-call-timeout=5", "--cni-bin-dir=/opt/cni/bin"],
    env: [podEnv, nodeEnv],
    securityContext: { privileged: true },
    resources: { requests: { cpu: "100m", memory: "50Mi" }, limits: { cpu: "300m", memory: "300Mi" } },
    volumeMounts: volumes.map(([name, [mountPath]]) => ({ name, mountPath })),
  };
  const spec = {
    ...{ serviceAccountName: "nv-ipam-node", terminationGracePeriodSeconds: 10, tolerations },
    containers: [container],
    volumes: volumes.map(([name, [, path]]) => ({ name, hostPath: { path, type: "DirectoryOrCreate" } })),
  };
  return {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet", metadata: inNamespace("nv-ipam-node-ds", { labels }) },
    spec: {
      selector: { matchLabels: { ...app, name: "nv-ipam-node" } },
      updateStrategy: { type: "RollingUpdate" },
      template: { metadata: { labels: { ...app, ...labels } }, spec },
    },
  };
}

function deployment(webhook: boolean): Manifest {
  const labels = { ...app, name: "controller" };
  const probe = (path: string, seconds: number) => ({
    ...{ httpGet: { path, port: 8081 }, initialDelaySeconds: seconds, periodSeconds: seconds },
  });
  const mount = { name: "cert", mountPath: "/tmp/k8s-webhook-server/serving-certs", readOnly: true };
  const container = {
    ...{ name: "controller", image: IMAGE, imagePullPolicy: "IfNotPresent", command: ["/ipam-controller"] },
    args: [
      "--leader-elect=true",
      "--ippools-namespace=$(POD_NAMESPACE)",
      ...(webhook ? ["--webhook=true"] : []),
    ],
    env: [podEnv],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...{ livenessProbe: probe("/healthz", 20), readinessProbe: probe("/readyz", 10) },
    resources: { requests: { cpu: "100m", memory: "300Mi" } },
    ports: [{ name: "webhook-server", containerPort: 9443, protocol: "TCP" }],
    ...(webhook && { volumeMounts: [mount] }),
  };
  const spec = {
    ...{
      serviceAccountName: "nv-ipam-controller",
      priorityClassName: "system-cluster-critical",
      tolerations,
    },
    containers: [container],
    ...(webhook && { volumes: [{ name: "cert", secret: { secretName: CERTIFICATE, defaultMode: 420 } }] }),
  };
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment" },
    metadata: inNamespace("nv-ipam-controller", { annotations: { "kubernetes.io/description": "Go" } }),
    spec: {
      ...{ replicas: 1, strategy: { type: "RollingUpdate" }, selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec },
    },
  };
}

function webhook(serviceAnnotations: Extra, annotations: Record<string, string>): Manifest[] {
  const service = { name: "nv-ipam-webhook-service", namespace: NAMESPACE };
  const webhooks = ["ippool", "cidrpool"].map((kind) => ({
    ...{ name: `validate-${kind}.${pools}`, admissionReviewVersions: ["v1"], sideEffects: "None" },
    clientConfig: { service: { ...service, path: `/validate-nv-ipam-nvidia-com-v1alpha1-${kind}` } },
    failurePolicy: "Fail",
    rules: [
      { ...rule(pools, [`${kind}s`], []), apiVersions: ["v1alpha1"], operations: ["CREATE", "UPDATE"] },
    ].map(({ verbs: _, ...rest }) => rest),
  }));
  return [
    {
      ...{ apiVersion: "v1", kind: "Service", metadata: inNamespace(service.name, serviceAnnotations) },
      spec: { ports: [{ port: 443, targetPort: 9443 }], selector: { ...app, name: "controller" } },
    },
    {
      ...{ apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration" },
      ...{ metadata: meta("nv-ipam-validating-webhook-configuration", { annotations }), webhooks },
    },
  ];
}

const certManager: Manifest[] = [
  {
    ...{
      apiVersion: "cert-manager.io/v1",
      kind: "Issuer",
      metadata: inNamespace("nv-ipam-selfsigned-issuer"),
    },
    spec: { selfSigned: {} },
  },
  {
    ...{
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata: inNamespace("nv-ipam-serving-cert"),
    },
    spec: {
      dnsNames: [`nv-ipam-webhook-service.${NAMESPACE}.svc`],
      issuerRef: { kind: "Issuer", name: "nv-ipam-selfsigned-issuer" },
      secretName: CERTIFICATE,
    },
  },
];

function privileged(): Manifest[] {
  const rbac = "rbac.authorization.k8s.io";
  const name = "nv-ipam-node";
  const use = rule("security.openshift.io", ["securitycontextconstraints"], ["use"]);
  return [
    {
      ...{ apiVersion: `${rbac}/v1`, kind: "Role", metadata: inNamespace(name) },
      rules: [{ ...use, resourceNames: ["privileged"] }],
    },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: "RoleBinding", metadata: inNamespace(name) },
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: NAMESPACE }],
    },
  ];
}

function customResources(): Manifest[] {
  return readdirSync(definitions.go).map((file) => {
    const definition = parse(readFileSync(join(definitions.go, file), "utf8")) as Manifest;
    return { ...definition, metadata: { ...definition.metadata, labels: app } };
  });
}

const ofOverlay: Readonly<Record<string, () => Manifest[]>> = {
  "no-webhook": () => [deployment(false), daemonSet("/opt/cni/bin")],
  certmanager: () => [
    ...[deployment(true), daemonSet("/opt/cni/bin"), ...certManager],
    ...webhook({}, { "cert-manager.io/inject-ca-from": `${NAMESPACE}/nv-ipam-serving-cert` }),
  ],
  openshift: () => [
    ...[deployment(true), daemonSet("/var/lib/cni/bin"), ...privileged()],
    ...webhook(
      { annotations: { "service.alpha.openshift.io/serving-cert-secret-name": CERTIFICATE } },
      { "service.beta.openshift.io/inject-cabundle": "true" },
    ),
  ],
};

/** What the Go implementation's overlay of that name makes. */
export function goObjects(overlay: string): Manifest[] {
  return [
    ...customResources(),
    ...access("node", nodeRules),
    ...access("controller", controllerRules),
    ...ofOverlay[overlay]!(),
  ];
}
