// SPDX-License-Identifier: Apache-2.0
// Text of files to manifests: what is one, what is none, and what text may cost.
import { test } from "tap";
import { parseManifestFile } from "../../lib/node/pools-dir-manifests.ts";
import { cidrPool, ipPool } from "./pools-dir-setup.ts";

const pool = (name: string, spec: unknown = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 }) =>
  JSON.stringify({ apiVersion: "nv-ipam.nvidia.com/v1alpha1", kind: "IPPool", metadata: { name }, spec });

/** "kind name place problem" of each manifest; or the file's problem. */
function read(file: string, text: string): string[] {
  const result = parseManifestFile(file, text);
  if ("problem" in result) return [`${result.place}: ${result.problem}`];
  return result.manifests.map(({ place, manifest: { resource, problems } }) => {
    const name = resource && ("node" in resource ? resource.node.name : resource.name);
    return [resource?.kind, name, place, problems[0]?.field, problems[0]?.message].filter(Boolean).join(" ");
  });
}

const files: [what: string, file: string, text: string, gives: string[]][] = [
  ["nothing", "a.yaml", "", []],
  ["comments", "a.yaml", "# one\n---\n# two\n", []],
  ["empty documents", "a.yaml", `---\n---\n${ipPool("p")}---\n...\n`, ["IPPool p a.yaml:3"]],
  [
    "a byte order mark and CRLF",
    "a.yaml",
    `\uFEFF${ipPool("p").replaceAll("\n", "\r\n")}`,
    ["IPPool p a.yaml:1"],
  ],
  [
    "two kinds of one name",
    "a.yaml",
    ipPool("p") + cidrPool("p"),
    ["IPPool p a.yaml:1", "CIDRPool p a.yaml:6"],
  ],
  [
    "an array",
    "a.json",
    `[${pool("p")},\n${pool("q")}]`,
    ["IPPool p a.json:1 items[0]", "IPPool q a.json:1 items[1]"],
  ],
  [
    "JSON after JSON",
    "a.json",
    `${pool("p")}\n${pool("q}{")}${pool("r")}\n`,
    ["IPPool p a.json:1", "IPPool q}{ a.json:2", "IPPool r a.json:2"],
  ],
  [
    "JSON with an escaped quote",
    "a.json",
    `${pool('p"')}${pool("q")}`,
    ['IPPool p" a.json:1', "IPPool q a.json:1"],
  ],
  [
    "JSON with something after it",
    "a.json",
    `${pool("p")}\nx`,
    ["a.json:2: is not valid YAML: Unexpected scalar at node end"],
  ],
  [
    "half of JSON after JSON",
    "a.json",
    `${pool("p")}\n{"kind":`,
    ["a.json:2: is not valid YAML: Flow map must end with a }"],
  ],
  [
    "JSON between YAML marks",
    "a.json",
    `${pool("p")}\n---\n${pool("q")}`,
    ["IPPool p a.json:1", "IPPool q a.json:3"],
  ],
  [
    "an octal number",
    "a.yaml",
    ipPool("p").replace("Size: 10", "Size: 010"),
    ["IPPool p a.yaml:1 spec.perNodeBlockSize must be a number without leading zeros, not 010"],
  ],
  [
    "yes and on",
    "a.yaml",
    ipPool("p", ", defaultGateway: on"),
    ['IPPool p a.yaml:1 spec.defaultGateway must be true or false, not "on"'],
  ],
  [
    "an anchor",
    "a.yaml",
    ipPool("p", ", gateway: &g 10.0.0.1, exclusions: [{startIP: *g, endIP: *g}]"),
    ["IPPool p a.yaml:1"],
  ],
  [
    "a key twice",
    "a.yaml",
    `${ipPool("p")}kind: IPPool\nkind: IPPool\n`,
    ['a.yaml:7: the key "kind" is there twice'],
  ],
  [
    "a key twice, deep down",
    "a.yaml",
    ipPool("p", ", gateway: x, gateway: y"),
    ['a.yaml:4: the key "gateway" is there twice'],
  ],
  [
    "a key twice, once as a number",
    "a.yaml",
    'kind: IPPool\n1: x\n"1": y\n',
    ['a.yaml:3: the key "1" is there twice'],
  ],
  ["a key that is an alias", "a.yaml", "&k kind: x\n*k : y\n", ["a.yaml:2: a key must be plain text"]],
  ["a key that is a map", "a.yaml", "? {a: b}\n: c\n", ["a.yaml:1: a key must be plain text"]],
  [
    "merged maps",
    "a.yaml",
    `kind: List\nitems:\n- &p {apiVersion: nv-ipam.nvidia.com/v1alpha1, kind: IPPool, metadata: {name: p}, spec: &s {subnet: 10.0.0.0/24, perNodeBlockSize: 9}}\n- {<<: *p, metadata: {name: q}, spec: {<<: *s, perNodeBlockSize: 0.5}}\n`,
    [
      "IPPool p a.yaml:1 items[0]",
      "IPPool q a.yaml:1 items[1] spec.perNodeBlockSize must be a whole number, not 0.5",
    ],
  ],
  [
    "files put together",
    "a.yaml",
    `${ipPool("p")}\uFEFF${ipPool("q")}`,
    ["IPPool p a.yaml:1", "IPPool q a.yaml:6"],
  ],
  [
    "a number in quotes",
    "a.yaml",
    ipPool("p").replace("Size: 10", 'Size: "10"'),
    ["IPPool p a.yaml:1 spec.perNodeBlockSize must be a number: write 10 without quotes"],
  ],
  [
    "nulls where something may be absent",
    "a.yaml",
    ipPool("p", ", exclusions: null, routes: ~, nodeSelector: , gateway: null", "status: {allocations: }\n"),
    ["IPPool p a.yaml:1"],
  ],
  [
    "nulls where something must be",
    "a.yaml",
    "apiVersion: nv-ipam.nvidia.com/v1alpha1\nkind: IPPool\nmetadata: {name: p}\nspec:\n",
    ["IPPool p a.yaml:1 spec is required"],
  ],
  ["a list of null", "a.yaml", "{apiVersion: nv-ipam.nvidia.com/v1alpha1, kind: IPPoolList, items: }", []],
  [
    "a circle as kind",
    "a.yaml",
    "&a\nkind: *a\n",
    ["a.yaml:2 kind an object is not supported here, supported are IPPool, CIDRPool, Node"],
  ],
  [
    "a circle as version",
    "a.yaml",
    "&a\nkind: IPPool\napiVersion: *a\n",
    ['IPPool a.yaml:2 apiVersion must be "nv-ipam.nvidia.com/v1alpha1" for kind IPPool, not an object'],
  ],
  [
    "tabs",
    "a.yaml",
    "kind:\n\tIPPool: x\n",
    ["a.yaml:2: is not valid YAML: Tabs are not allowed as indentation"],
  ],
  [
    "a circle",
    "a.yaml",
    "kind: IPPool\nspec: &s {subnet: *s}\n",
    ['IPPool a.yaml:1 apiVersion must be "nv-ipam.nvidia.com/v1alpha1" for kind IPPool'],
  ],
];

for (const [what, file, text, gives] of files) {
  test(what, (t) => {
    t.same(read(file, text), gives);
    t.end();
  });
}

const many = (count: number, item: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => item(i)).join("");
/** 0.2 to 1 MiB each; what grows with the square of the length takes minutes. */
const costly: [what: string, text: string, gives: RegExp][] = [
  ["keys", many(100_000, (i) => `k${i}: 1\n`), /kind is required/],
  ["keys that are the same", many(100_000, () => "k: 1\n"), /a\.json:2: the key "k" is there twice/],
  ["JSON objects", many(20_000, () => "{}\n"), /kind is required/],
  ["JSON objects with something between", many(100_000, () => "{}x"), /^a\.json:1: /],
  ["opening brackets", "[".repeat(1_000_000), /nested too deeply/],
  ["merged aliases", `a: &a {x: 1}\nb: {${"<<: *a, ".repeat(30_000)}}`, /too many aliases/],
  ["aliases", `- &a x\n${"- *a\n".repeat(150_000)}`, /too many aliases/],
];

for (const [what, text, gives] of costly) {
  test(`very many ${what}`, (t) => {
    const began = performance.now();
    t.match(read("a.json", text)[0], gives);
    t.ok(performance.now() - began < 20_000, "in seconds on any machine");
    t.end();
  });
}
