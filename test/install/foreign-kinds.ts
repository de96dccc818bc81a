// SPDX-License-Identifier: Apache-2.0
// Kinds of cert-manager, the Prometheus operator and OpenShift that install/ uses, with the fields that it uses (so that a
// misspelled one is refused) and those that are required there.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiServer } from "../support/api-server.ts";
import { applyDefinitions } from "../support/api-server-objects.ts";

type Schema = { readonly type: string; readonly [field: string]: unknown };

const text: Schema = { type: "string" };
const flag: Schema = { type: "boolean" };
const list = (items: Schema): Schema => ({ type: "array", items });
const orNull = (schema: Schema): Schema => ({ ...schema, nullable: true });
const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
});

const certificate = object(
  {
    secretName: text,
    dnsNames: list(text),
    issuerRef: object({ name: text, kind: text, group: text }, ["name"]),
    privateKey: object({
      algorithm: { ...text, enum: ["RSA", "ECDSA", "Ed25519"] },
      size: { type: "integer" },
      rotationPolicy: { ...text, enum: ["Never", "Always"] },
    }),
  },
  ["issuerRef", "secretName"],
);

const serviceMonitor = object(
  {
    selector: object({ matchLabels: { type: "object", additionalProperties: text } }),
    endpoints: list(
      object({
        port: text,
        path: text,
        interval: text,
        relabelings: list(object({ sourceLabels: list(text), targetLabel: text })),
      }),
    ),
  },
  ["endpoints", "selector"],
);

const strategy = object({ type: text });
const switches = [
  ...["allowHostDirVolumePlugin", "allowHostIPC", "allowHostNetwork", "allowHostPID", "allowHostPorts"],
  ...["allowPrivilegedContainer", "readOnlyRootFilesystem"],
];
const lists = ["allowedCapabilities", "defaultAddCapabilities", "requiredDropCapabilities", "volumes"];

const constraints: Record<string, Schema> = {
  ...Object.fromEntries(switches.map((name) => [name, flag])),
  ...Object.fromEntries(lists.map((name) => [name, orNull(list(text))])),
  allowPrivilegeEscalation: orNull(flag),
  priority: orNull({ type: "integer", format: "int32" }),
  ...{ runAsUser: strategy, seLinuxContext: strategy, fsGroup: strategy, supplementalGroups: strategy },
  ...{ seccompProfiles: list(text), users: list(text), groups: list(text) },
};

type Kind = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope?: "Cluster" | "Namespaced";
  readonly schema: Schema;
};

const spec = (schema: Schema): Schema => object({ spec: schema }, ["spec"]);

const kinds: readonly Kind[] = [
  {
    ...{ group: "cert-manager.io", version: "v1", kind: "Issuer", plural: "issuers" },
    schema: spec(object({ selfSigned: object({ crlDistributionPoints: list(text) }) })),
  },
  {
    ...{ group: "cert-manager.io", version: "v1", kind: "Certificate", plural: "certificates" },
    schema: spec(certificate),
  },
  {
    ...{ group: "monitoring.coreos.com", version: "v1", kind: "ServiceMonitor", plural: "servicemonitors" },
    schema: spec(serviceMonitor),
  },
  {
    ...{
      group: "security.openshift.io",
      version: "v1",
      kind: "SecurityContextConstraints",
      scope: "Cluster",
    },
    plural: "securitycontextconstraints",
    schema: object(constraints, [...switches, ...lists, "priority"]),
  },
];

function define({ group, version, kind, plural, scope = "Namespaced", schema }: Kind): unknown {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope },
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

/** Makes the API server serve them. */
export async function installForeignKinds({ admin, dir }: ApiServer): Promise<void> {
  const place = join(dir, "foreign-kinds");
  mkdirSync(place);
  for (const kind of kinds) {
    writeFileSync(join(place, `${kind.plural}.yaml`), JSON.stringify(define(kind)));
  }
  await applyDefinitions(admin, place);
}
