// SPDX-License-Identifier: Apache-2.0
// The tables of docs/security.md against the manifests.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "tap";
import { parseAllDocuments } from "yaml";

const root = resolve(import.meta.dirname, "../..");
const security = readFileSync(join(root, "docs", "security.md"), "utf8");

type Rule = {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
};
type Role = { readonly kind: string; readonly rules?: readonly Rule[] };

function readManifests<T>(file: string): T[] {
  const documents = parseAllDocuments(readFileSync(join(root, "install", "base", file), "utf8"));
  return documents.map((document) => document.toJS({ maxAliasCount: 0 }) as T);
}

/** "events: create, get, patch" for each rule, sorted. */
function grantedBy(file: string): string[] {
  const rules = readManifests<Role>(file).flatMap(({ rules = [] }) => rules);
  return rules.map(({ resources, verbs, resourceNames = [] }) =>
    describe([...resources, ...resourceNames], verbs),
  );
}

/** The same of a table's rows. */
function toldBelow(sentence: string): string[] {
  const rows = security.slice(security.indexOf(sentence)).split("\n\n")[1]!.split("\n").slice(2);
  return rows.map((row) => {
    const [, resources = "", verbs = ""] = row.split("|");
    const names = [...resources.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    return describe(names, verbs.trim().split(", "));
  });
}

function describe(names: readonly string[], verbs: readonly string[]): string {
  return `${names.toSorted().join(", ")}: ${verbs.toSorted().join(", ")}`;
}

test("the rights are those of the manifests", (t) => {
  const daemon = grantedBy("node-rbac.yaml");
  t.ok(daemon.length > 2);
  t.same(toldBelow("service account `nv-ipam-node`:").sort(), daemon.sort());
  const controller = grantedBy("controller-rbac.yaml");
  t.same(toldBelow("service account `nv-ipam-controller`:").sort(), controller.sort());
  t.end();
});

type Mount = { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean };
type Volume = { readonly name: string; readonly hostPath?: { readonly path: string } };
type Container = {
  readonly volumeMounts?: readonly Mount[];
  readonly securityContext: {
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
    readonly runAsUser?: number;
    readonly readOnlyRootFilesystem: boolean;
  };
};
type Workload = {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly Container[];
        readonly initContainers?: readonly Container[];
        readonly securityContext: { readonly runAsUser?: number };
        readonly volumes?: readonly Volume[];
        readonly hostNetwork?: boolean;
        readonly hostPID?: boolean;
      };
    };
  };
};

test("the containers are those of the manifests", (t) => {
  const [daemon] = readManifests<Workload>("daemonset.yaml").map(({ spec }) => spec.template.spec);
  const [controller] = readManifests<Workload>("deployment.yaml").map(({ spec }) => spec.template.spec);
  const containers = [daemon!.containers[0]!, daemon!.initContainers![0]!, controller!.containers[0]!];
  const contexts = containers.map(({ securityContext }) => securityContext);
  const row = (name: string) => {
    const line = security.split("\n").find((candidate) => candidate.startsWith(`| ${name} |`));
    return line!.split("|").slice(2, -1);
  };
  for (const [i, { capabilities, readOnlyRootFilesystem }] of contexts.entries()) {
    t.same(capabilities.drop, ["ALL"]);
    const added = capabilities.add ?? [];
    t.match(row("capabilities")[i], added.length === 0 ? "none" : `\`${added.join(", ")}\``);
    t.equal(row("root file system")[i]!.trim(), readOnlyRootFilesystem ? "read-only" : "writable");
  }
  const hostPathsOf = ({ volumeMounts = [] }: Container, readOnly: boolean): string[] =>
    volumeMounts
      .filter((mount) => (mount.readOnly ?? false) === readOnly)
      .flatMap(({ name }) => daemon!.volumes!.find((volume) => volume.name === name)?.hostPath?.path ?? [])
      .sort();
  for (const [i, container] of containers.entries()) {
    const told = (name: string): string[] =>
      [...row(name)[i]!.matchAll(/`(\/[^`]+)`/g)].map(([, path = ""]) => path).sort();
    t.same(told("host paths, to write"), hostPathsOf(container, false));
    t.same(told("host paths, to read"), hostPathsOf(container, true));
  }
  t.match(row("user")[0], "root");
  t.equal(row("user")[2]!.trim(), String(controller!.securityContext.runAsUser));
  t.notOk(daemon!.hostNetwork || daemon!.hostPID);
  t.end();
});
