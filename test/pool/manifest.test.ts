// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { readManifests, readResource } from "../../lib/pool/manifest.ts";
import { manifest, problemsOf } from "./read.ts";

const ip = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 };
const cidr = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 };

const problems: [name: string, value: unknown, says: string[]][] = [
  ["nothing wrong with an IPPool", manifest("IPPool", ip), []],
  ["nothing wrong with a CIDRPool", manifest("CIDRPool", cidr), []],
  ["null is absent", manifest("IPPool", { ...ip, gateway: null, exclusions: null, nodeSelector: null }), []],
  [
    "a typo",
    manifest("IPPool", { subnett: "10.0.0.0/24", perNodeBlockSize: 10 }),
    ["spec.subnet: is required", 'spec.subnett: unknown field, did you mean "subnet"?'],
  ],
  [
    "a typo in case only, deep down",
    manifest("IPPool", { ...ip, exclusions: [{ startIp: "10.0.0.1", endIP: "10.0.0.2" }] }),
    [
      "spec.exclusions[0].startIP: is required",
      'spec.exclusions[0].startIp: unknown field, did you mean "startIP"?',
    ],
  ],
  [
    "a field like no other",
    manifest("IPPool", { ...ip, routes: [{ dst: "10.1.0.0/16", metricOfThisRoute: 1 }] }),
    ["spec.routes[0].metricOfThisRoute: unknown field, known are dst"],
  ],
  [
    "a field outside spec",
    { ...manifest("IPPool", ip), sepc: {} },
    ['sepc: unknown field, did you mean "spec"?'],
  ],
  [
    "numbers as text, text as numbers",
    manifest("IPPool", { subnet: 10, perNodeBlockSize: "100", defaultGateway: "true", gateway: false }),
    [
      'spec.subnet: must be text: write "10" in quotes',
      "spec.perNodeBlockSize: must be a number: write 100 without quotes",
      'spec.gateway: must be text: write "false" in quotes',
      "spec.defaultGateway: must be true or false: write true without quotes",
    ],
  ],
  [
    "numbers that are none",
    manifest("CIDRPool", { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24.5, gatewayIndex: 2147483648 }),
    [
      "spec.perNodeNetworkPrefix: must be a whole number, not 24.5",
      "spec.gatewayIndex: must be between -2147483648 and 2147483647, not 2147483648",
    ],
  ],
  [
    "numbers that other programs read as others",
    manifest("CIDRPool", { cidr: "10.0.0.0/16", perNodeNetworkPrefix: "024", gatewayIndex: 2 ** 53 }),
    [
      "spec.perNodeNetworkPrefix: must be a number without leading zeros, not 024",
      "spec.gatewayIndex: must be a whole number between -9007199254740991 and 9007199254740991, not 9007199254740992",
    ],
  ],
  [
    "whatever else a controller writes into status",
    { ...manifest("IPPool", ip), status: { allocations: [], releasedBlocks: [{}], nodesWithBlock: 3 } },
    [],
  ],
  [
    "wrong structures",
    manifest("IPPool", { ...ip, exclusions: {}, routes: ["10.0.0.0/8", null], nodeSelector: [] }),
    [
      "spec.exclusions: must be a list, not an object",
      "spec.nodeSelector: must be an object, not a list",
      'spec.routes[0]: must be an object, not "10.0.0.0/8"',
      "spec.routes[1]: must not be null",
    ],
  ],
  ["no name", { ...manifest("IPPool", ip), metadata: {} }, ["metadata.name: is required"]],
  ["no metadata", { ...manifest("IPPool", ip), metadata: undefined }, ["metadata: is required"]],
  ["no spec", { ...manifest("IPPool", ip), spec: undefined }, ["spec: is required"]],
  [
    "another version",
    { ...manifest("IPPool", ip), apiVersion: "v1" },
    ['apiVersion: must be "nv-ipam.nvidia.com/v1alpha1" for kind IPPool, not "v1"'],
  ],
  [
    "no version",
    { ...manifest("IPPool", ip), apiVersion: undefined },
    ['apiVersion: must be "nv-ipam.nvidia.com/v1alpha1" for kind IPPool'],
  ],
  [
    "a kind with a typo",
    { ...manifest("IPPool", ip), kind: "IPool" },
    ['kind: "IPool" is not supported here, did you mean "IPPool"?'],
  ],
  ["no kind", { ...manifest("IPPool", ip), kind: undefined }, ["kind: is required: IPPool, CIDRPool, Node"]],
  ["no object", "pool", [": is not a Kubernetes object with apiVersion and kind"]],
  [
    "entries of status",
    {
      ...manifest("IPPool", ip),
      status: { allocations: [{ nodeName: "n", startIP: "10.0.0.1" }], allocation: [] },
    },
    [
      "status.allocations[0].endIP: is required",
      'status.allocation: unknown field, did you mean "allocations"?',
    ],
  ],
];

for (const [name, value, says] of problems) {
  test(`structure: ${name}`, (t) => {
    t.same(
      problemsOf(value)
        .filter((text) => !/needs|need /.test(text))
        .sort(),
      [...says].sort(),
    );
    t.end();
  });
}

test("fields that a newer API may have are no problem of an API object", (t) => {
  const value = manifest("IPPool", { ...ip, newer: 1 });
  t.same(readResource(value, { strict: false }).problems, []);
  t.equal(readResource(value, { strict: true }).problems.length, 1);
  t.end();
});

test("status.allocations as written, absent where there is none", (t) => {
  const allocations = [
    { nodeName: "n", prefix: "FD00::/64", gateway: "" },
    { nodeName: "m", prefix: "fd01::/64", gateway: "fd01::1" },
  ];
  const { resource } = readResource(
    { ...manifest("CIDRPool", cidr), status: { allocations } },
    { strict: true },
  );
  t.match(resource, {
    kind: "CIDRPool",
    name: "p",
    allocations: [{ nodeName: "n", prefix: "FD00::/64" }, allocations[1]],
  });
  t.notMatch(readResource({ ...manifest("CIDRPool", cidr), status: {} }, { strict: true }).resource, {
    allocations: Array,
  });
  const empty = { ...manifest("CIDRPool", cidr), status: { allocations: [] } };
  t.match(readResource(empty, { strict: true }).resource, { allocations: [] });
  t.end();
});

test("a Node is its name and labels", (t) => {
  const value = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n", labels: { a: "b" }, uid: "u" },
    spec: { x: 1 },
  };
  t.same(readResource(value, { strict: true }).resource, {
    kind: "Node",
    node: { name: "n", labels: { a: "b" } },
  });
  const wrong = { ...value, metadata: { name: "n", labels: { a: 1 } } };
  t.same(readResource(wrong, { strict: true }).problems, [
    { field: 'metadata.labels["a"]', message: 'must be text: write "1" in quotes' },
  ]);
  t.end();
});

test("lists are taken apart, typed ones name the kind of their items", (t) => {
  const { apiVersion, kind, ...bare } = manifest("IPPool", { ...ip, subnet: 7 });
  const typed = readManifests({ apiVersion, kind: `${kind}List`, items: [bare] }, { strict: true });
  t.match(typed, [{ resource: { kind: "IPPool" }, problems: [{ field: "spec.subnet" }], item: 0 }]);
  const items = [
    manifest("CIDRPool", cidr),
    { apiVersion: "v1", kind: "Node", metadata: { name: "n" } },
    bare,
  ];
  const mixed = readManifests({ apiVersion: "v1", kind: "List", items }, { strict: true });
  t.match(mixed, [
    { resource: { kind: "CIDRPool" } },
    { resource: { kind: "Node" } },
    { problems: [{ field: "kind" }], item: 2 },
  ]);
  t.match(readManifests({ apiVersion: "v1", kind: "List" }, { strict: true }), [
    { problems: [{ field: "items" }] },
  ]);
  t.match(readManifests(items, { strict: true }), mixed, "an array is a list too");
  t.same(readManifests(null, { strict: true }), []);
  t.end();
});

test("only kinds that cannot be a pool are foreign", (t) => {
  const foreign = (apiVersion: string, kind: string) =>
    readResource({ apiVersion, kind }, { strict: true }).foreign;
  t.ok(foreign("v1", "ConfigMap"));
  t.ok(foreign("v1", "Role"));
  t.ok(foreign("v1", "PodList"));
  t.notOk(foreign("v1", "IPpool"));
  t.notOk(foreign("nv-ipam.nvidia.com/v1alpha1", "Something"));
  t.end();
});
