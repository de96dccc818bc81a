// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { parse } from "yaml";
import { type ApiServer, definitions, startApiServer } from "../support/api-server.ts";
import { createNamespace, createPool, poolPath } from "../support/api-server-objects.ts";
import { kubernetesVersions } from "../support/cache.ts";
import { until } from "../support/kube-daemon.ts";
import { skipUnless } from "../support/layers.ts";
import { acceptance } from "./acceptance.ts";

const examples = resolve(import.meta.dirname, "../../install/examples");
const KINDS = ["IPPool", "CIDRPool"] as const;

type Schema = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
};

/** Paths of fields that kubectl explain would have nothing to say about. */
function undescribed(schema: Schema, path = ""): string[] {
  const here = /^[A-Z].*\.$/s.test(schema.description ?? "") ? [] : [path];
  const { metadata: _, ...properties } = schema.properties ?? {};
  const below = Object.entries(properties).flatMap(([name, field]) => undescribed(field, `${path}.${name}`));
  return [...here, ...below, ...(schema.items ? undescribed(schema.items, `${path}[]`) : [])];
}

for (const name of readdirSync(definitions.ours).filter((file) => file.endsWith("pools.yaml"))) {
  test(`every field has a description: ${name}`, (t) => {
    const definition = parse(readFileSync(join(definitions.ours, name), "utf8"));
    const schema = definition.spec.versions[0].schema.openAPIV3Schema as Schema;
    t.ok(Object.keys(schema.properties?.spec?.properties ?? {}).length >= 8);
    t.same(undescribed(schema), []);
    t.end();
  });
}

for (const version of kubernetesVersions) {
  test(`Kubernetes ${version}`, { skip: skipUnless("apiserver") }, async (t) => {
    const api = await startApiServer(t, { version });
    await t.test("installed without complaint", (t) => conditions(t, api));
    await t.test("kubectl explain", (t) => explain(t, api));
    await t.test("the examples are taken", (t) => dryRunExamples(t, api));
    await t.test("takes and refuses", (t) => takes(t, api));
    await t.test("status as the Go controller writes it", (t) => goStatus(t, api));
    await t.test("status as ours writes it, in columns", (t) => columns(t, api));
  });
}

async function conditions(t: Test, { admin }: ApiServer): Promise<void> {
  for (const kind of KINDS) {
    const name = `${kind.toLowerCase()}s.nv-ipam.nvidia.com`;
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
    const read = async () => {
      const { status } = await admin.get<{ status: { conditions: { type: string; status: string }[] } }>(
        path,
      );
      return status.conditions.map((it) => `${it.type} ${it.status}`).sort();
    };
    const found = await until(read, (now) => !now.includes("Established False")); // it is served a little before
    t.same(found, ["Established True", "NamesAccepted True"]);
  }
}

/** Waits until the schemas are published, which comes some time after they are served. */
async function whenPublished({ admin }: ApiServer): Promise<void> {
  for (;;) {
    const { text } = await admin.request("GET", "/openapi/v3/apis/nv-ipam.nvidia.com/v1alpha1");
    if (text.includes("v1alpha1.IPPool") && text.includes("v1alpha1.CIDRPool")) return;
    await sleep(50);
  }
}

async function explain(t: Test, api: ApiServer): Promise<void> {
  const { kubectl } = api;
  await whenPublished(api);
  for (const path of [
    "ippool",
    "ippool.spec",
    "ipp.status.conditions",
    "cidrp.spec.staticAllocations.gateway",
  ]) {
    const { status, stdout } = await kubectl("explain", path);
    t.equal(status, 0, path);
    t.match(stdout, /DESCRIPTION:\n {4}[A-Z]/, path);
    t.notMatch(stdout, /<empty>|<no description>/, path);
  }
  const { stdout } = await kubectl("explain", "ippool.spec");
  t.match(stdout, /perNodeBlockSize\t<integer> -required-\n {4}How many addresses each node gets/);
}

async function dryRunExamples(t: Test, { kubectl }: ApiServer): Promise<void> {
  const { status, stdout, stderr } = await kubectl("apply", "--dry-run=server", "-f", examples);
  t.equal(status, 0, stderr);
  t.equal(stdout.trim().split("\n").length, readdirSync(examples).length);
}

test("the Go implementation's schemas take and refuse the same", {
  skip: skipUnless("apiserver"),
}, async (t) => {
  await takes(t, await startApiServer(t, { crds: "go" }));
});

async function takes(t: Test, { admin }: ApiServer): Promise<void> {
  const namespace = await createNamespace(admin);
  for (const { kind, object, taken } of acceptance) {
    const body = { apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind, metadata: { name: "p" }, ...object };
    const { status, text } = await admin.request("POST", `${poolPath(kind, namespace)}?dryRun=All`, body);
    t.equal(
      status,
      taken ? 201 : 422,
      `${kind} ${JSON.stringify(object)}: ${status === 201 ? "taken" : text}`,
    );
  }
}

async function goStatus(t: Test, { admin }: ApiServer): Promise<void> {
  const namespace = await createNamespace(admin);
  const allocations = {
    IPPool: [{ nodeName: "a", startIP: "10.0.0.1", endIP: "10.0.0.10" }],
    CIDRPool: [
      { nodeName: "a", prefix: "10.0.0.0/24", gateway: "10.0.0.1" },
      { nodeName: "b", prefix: "10.0.1.0/24", gateway: "" },
      { nodeName: "c", prefix: "10.0.2.0/24" },
    ],
  };
  const specs = {
    IPPool: { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "" },
    CIDRPool: { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 },
  };
  for (const kind of KINDS) {
    const pool = await createPool(admin, { kind, namespace, name: "p", spec: specs[kind] });
    const path = `${poolPath(kind, namespace, "p")}/status`;
    const written = await admin.put(path, { ...pool, status: { allocations: allocations[kind] } });
    t.same(written.status, { allocations: allocations[kind] }, "nothing added, nothing dropped");
    const emptied = await admin.put(path, { ...written, status: { allocations: [] } });
    t.same(emptied.status, { allocations: [] });
    const lacking = await admin.request("PUT", path, { ...emptied, status: { observedGeneration: 1 } });
    t.equal(lacking.status, 422, "a status without allocations");
  }
}

async function columns(t: Test, { admin, kubectl }: ApiServer): Promise<void> {
  const namespace = await createNamespace(admin);
  const ready = {
    type: "Ready",
    status: "False",
    reason: "NoFreeRanges",
    message: "no block left for 1 node",
    lastTransitionTime: "2026-11-21T11:00:00Z",
    observedGeneration: 1,
  };
  const counts = { allocatedNodes: 3, freeBlocks: 2 ** 53, observedGeneration: 1, conditions: [ready] };
  const at = { releasedAt: "2026-11-21T11:00:00.123Z" };
  const ipPool = {
    ...counts,
    allocations: [],
    releasedBlocks: [{ nodeName: "n", startIP: "10.0.0.1", endIP: "10.0.0.10", ...at }],
  };
  const cidrPool = {
    ...counts,
    allocations: [],
    releasedBlocks: [{ nodeName: "n", prefix: "10.0.0.0/24", gateway: "", ...at }],
  };
  const cells: [(typeof KINDS)[number], string, object, object, RegExp[]][] = [
    [
      "IPPool",
      "ipp",
      { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" },
      ipPool,
      [
        /^NAME +SUBNET +GATEWAY +BLOCK SIZE +NODES +FREE +READY +REASON +AGE$/,
        /^p +10\.0\.0\.0\/24 +10\.0\.0\.1 +10 +3 +9007199254740992 +False +NoFreeRanges +\S+s$/,
      ],
    ],
    [
      "CIDRPool",
      "cidrp",
      { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 },
      cidrPool,
      [
        /^NAME +CIDR +GATEWAY INDEX +PER NODE NETWORK PREFIX +NODES +FREE +READY +REASON +AGE$/,
        /^p +10\.0\.0\.0\/16 +1 +24 +3 +9007199254740992 +False +NoFreeRanges +\S+s$/,
      ],
    ],
  ];
  for (const [kind, shortName, spec, status, lines] of cells) {
    const pool = await createPool(admin, { kind, namespace, name: "p", spec });
    const written = await admin.put(`${poolPath(kind, namespace, "p")}/status`, { ...pool, status });
    t.same(written.status, status, "nothing added, nothing dropped");
    const { stdout } = await kubectl("get", shortName, "-n", namespace, "-o", "wide");
    t.match(stdout.trim().split("\n"), lines);
    const narrow = await kubectl("get", `${kind.toLowerCase()}s`, "-n", namespace);
    t.notMatch(narrow.stdout, /REASON/, "details only with -o wide");
  }
}
