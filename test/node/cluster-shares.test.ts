// SPDX-License-Identifier: Apache-2.0
// What a pool of the API means for one node: spec and status as they may stand there, and what comes of them.
import { test } from "tap";
import { type OwnPool, readOwnPool, sameOwnPool, toShareUpdate } from "../../lib/node/cluster-shares.ts";
import { encodeShare } from "../../lib/pool/share-text.ts";

type Fields = Readonly<Record<string, unknown>>;
type Case = {
  readonly name: string;
  readonly kind?: "IPPool" | "CIDRPool";
  readonly spec?: Fields;
  /** status.allocations; absent: no status at all. */
  readonly allocations?: unknown;
  /** "FIRST-LAST gateway", or a pattern over the reason. */
  readonly serves?: string;
  readonly keeps?: RegExp;
  readonly none?: true;
};

const ipSpec = { subnet: "192.168.0.0/16", perNodeBlockSize: 100, gateway: "192.168.0.1" };
const cidrSpec = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };
const a = { nodeName: "a", startIP: "192.168.0.1", endIP: "192.168.0.100" };
const b = { nodeName: "b", startIP: "192.168.0.101", endIP: "192.168.0.200" };
const aCidr = { nodeName: "a", prefix: "10.0.0.0/24", gateway: "10.0.0.1" };
const bCidr = { nodeName: "b", prefix: "10.0.1.0/24", gateway: "10.0.1.1" };

const cases: readonly Case[] = [
  { name: "its entry", allocations: [a, b], serves: "192.168.0.101-192.168.0.200 192.168.0.1" },
  { name: "no status yet", none: true },
  { name: "no entries", allocations: [], none: true },
  { name: "another node's entry", allocations: [a], none: true },
  {
    name: "another node's nonsense is not judged",
    allocations: [{ nodeName: "a", startIP: "x" }, 7, b],
    serves: "192.168.0.101-192.168.0.200 192.168.0.1",
  },
  {
    name: "fields that a newer version writes",
    spec: { ...ipSpec, colour: "red" },
    allocations: [{ ...b, since: 1 }],
    serves: "192.168.0.101-192.168.0.200 192.168.0.1",
  },
  {
    name: "an edit of subnet before its status",
    spec: { ...ipSpec, subnet: "10.1.0.0/16", gateway: "10.1.0.1" },
    allocations: [a, b],
    keeps: /does not fit the spec: startIP 192\.168\.0\.101/,
  },
  {
    name: "an edit of the block size before its status",
    spec: { ...ipSpec, perNodeBlockSize: 50 },
    allocations: [a, b],
    keeps: /does not fit the spec/,
  },
  {
    name: "a gateway edit leaves the block as it is",
    spec: { ...ipSpec, gateway: "192.168.255.1" },
    allocations: [a, b],
    serves: "192.168.0.101-192.168.0.200 192.168.255.1",
  },
  {
    name: "an invalid spec, entries or not",
    spec: { ...ipSpec, perNodeBlockSize: 0 },
    allocations: [],
    keeps: /^the pool is invalid: spec\.perNodeBlockSize: /,
  },
  { name: "an invalid spec without a status", spec: { subnet: "x" }, keeps: /spec\.subnet/ },
  {
    name: "an entry that is none",
    allocations: [{ nodeName: "b", startIP: 7, endIP: "192.168.0.200" }],
    keeps: /^this node's entry in status\.allocations is invalid: status\.allocations\[0\]\.startIP/,
  },
  { name: "an entry without addresses", allocations: [{ nodeName: "b" }], keeps: /is required/ },
  {
    name: "a block that an earlier entry has",
    allocations: [{ ...b, nodeName: "c" }, b],
    keeps: /to node c too/,
  },
  {
    name: "a block that a later entry has",
    allocations: [b, { ...b, nodeName: "c" }],
    serves: "192.168.0.101-192.168.0.200 192.168.0.1",
  },
  {
    name: "a block that an earlier entry has in another spelling",
    spec: { subnet: "fd00::/64", perNodeBlockSize: 10 },
    allocations: [
      { nodeName: "c", startIP: "FD00::1", endIP: "fd00:0::a" },
      { nodeName: "b", startIP: "fd00::1", endIP: "fd00::a" },
    ],
    keeps: /\(startIP fd00::1\) to node c too/,
  },
  {
    name: "two entries of this node: the first counts",
    allocations: [b, { ...a, nodeName: "b" }],
    serves: "192.168.0.101-192.168.0.200 192.168.0.1",
  },
  {
    name: "its prefix",
    kind: "CIDRPool",
    allocations: [aCidr, bCidr],
    serves: "10.0.1.1-10.0.1.254 10.0.1.1",
  },
  {
    name: "a prefix that two nodes have",
    kind: "CIDRPool",
    allocations: [bCidr, { ...bCidr, nodeName: "c" }],
    keeps: /to node c too/,
  },
  {
    name: "a prefix that another node has in another spelling",
    kind: "CIDRPool",
    allocations: [bCidr, { nodeName: "c", prefix: "10.0.1.0/024", gateway: "10.0.1.1" }],
    keeps: /\(prefix 10\.0\.1\.0\/24\) to node c too/,
  },
  {
    name: "two entries of this node: none counts",
    kind: "CIDRPool",
    allocations: [bCidr, { nodeName: "b", prefix: "10.0.2.0/24", gateway: "10.0.2.1" }],
    keeps: /^status\.allocations has more than one entry for this node$/,
  },
  {
    name: "another node's nonsense is no rival",
    kind: "CIDRPool",
    allocations: [
      null,
      { nodeName: "c" },
      { nodeName: "c", prefix: 7 },
      { nodeName: "c", prefix: "x" },
      bCidr,
    ],
    serves: "10.0.1.1-10.0.1.254 10.0.1.1",
  },
  {
    name: "an edit of gatewayIndex before its status",
    kind: "CIDRPool",
    spec: { ...cidrSpec, gatewayIndex: 2 },
    allocations: [bCidr],
    keeps: /gateway "10\.0\.1\.1" is not 10\.0\.1\.2/,
  },
  {
    name: "a prefix that became another node's static one",
    kind: "CIDRPool",
    spec: { ...cidrSpec, staticAllocations: [{ nodeName: "c", prefix: "10.0.1.0/24", gateway: "10.0.1.1" }] },
    allocations: [bCidr],
    keeps: /static allocation that is not this node's/,
  },
  {
    name: "an IPPool's entry in a CIDRPool",
    kind: "CIDRPool",
    allocations: [b],
    keeps: /prefix: is required/,
  },
];

function read({ kind = "IPPool", spec, allocations }: Omit<Case, "name">): OwnPool {
  const object = {
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind,
    metadata: { name: "p", namespace: "kube-system", generation: 2 },
    spec: spec ?? (kind === "IPPool" ? ipSpec : cidrSpec),
    ...(allocations !== undefined && { status: { allocations, observedGeneration: 1 } }),
  };
  return readOwnPool({ kind, name: "p", object }, "b");
}

for (const { name, serves, keeps, none, ...input } of cases) {
  test(`${input.kind ?? "IPPool"}: ${name}`, (t) => {
    const { pool, outcome } = read(input);
    t.same(pool, { type: input.kind === "CIDRPool" ? "cidrpool" : "ippool", name: "p" });
    if (none) t.match(outcome, { none: /no block/ });
    const isAssigned = JSON.stringify(input.allocations ?? []).includes('"nodeName":"b"');
    if (keeps !== undefined) t.match(outcome, { keep: keeps, isAssigned });
    if (serves !== undefined) {
      if (!("share" in outcome)) throw new Error(JSON.stringify(outcome));
      const { startIP, endIP, gateway } = JSON.parse(encodeShare(outcome.share));
      t.equal(`${startIP}-${endIP} ${gateway}`, serves);
    }
    t.end();
  });
}

test("a reason is bounded, whatever a hand wrote", (t) => {
  const nodeName = "c".repeat(100_000);
  const { outcome } = read({ allocations: [{ ...b, nodeName }, b] });
  t.match(outcome, { keep: /to node ccc.*…$/ });
  t.ok("keep" in outcome && outcome.keep.length <= 1024);
  t.end();
});

test("what is no object of the kind keeps the share", (t) => {
  for (const object of [undefined, "x", { kind: "Node", apiVersion: "v1", metadata: { name: "p" } }])
    t.match(readOwnPool({ kind: "IPPool", name: "p", object }, "b").outcome, { keep: /./ });
  t.end();
});

test("a change of other nodes' entries is no change", (t) => {
  t.ok(sameOwnPool(read({ allocations: [b] }), read({ allocations: [a, b] })));
  t.notOk(sameOwnPool(read({ allocations: [b] }), read({ allocations: [a] })));
  t.notOk(
    sameOwnPool(
      read({ allocations: [b] }),
      read({ spec: { ...ipSpec, defaultGateway: true }, allocations: [b] }),
    ),
  );
  t.notOk(sameOwnPool(read({ allocations: [] }), read({ spec: {}, allocations: [] })));
  t.end();
});

test("the update names what is served and what stays; the rest loses its share", (t) => {
  const served = read({ allocations: [b] });
  const kept = read({ kind: "CIDRPool", spec: { cidr: "x", perNodeNetworkPrefix: 24 }, allocations: [] });
  const update = toShareUpdate([served, kept, read({ allocations: [a] })], []);
  t.equal(update.shares.length, 1);
  const pool = { type: "cidrpool", name: "p" };
  t.match(update.keep, [{ pool, reason: /spec\.cidr/, isAssigned: false }]);
  t.notOk("unread" in update);
  t.same(toShareUpdate([], ["cidrpool"]), { shares: [], keep: [], unread: ["cidrpool"] });
  t.end();
});
