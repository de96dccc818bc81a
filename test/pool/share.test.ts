// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { formatSubnet } from "../../lib/ip/subnet.ts";
import { computeIPPoolBlocks } from "../../lib/pool/blocks.ts";
import type { PoolAllocation } from "../../lib/pool/pool.ts";
import { buildShare, type Share, shareRoutes } from "../../lib/pool/share.ts";
import { encodeShare } from "../../lib/pool/share-text.ts";
import { cidrPool, ipPool, type Spec } from "./read.ts";

const pools = { IPPool: ipPool, CIDRPool: cidrPool };

function share(kind: keyof typeof pools, spec: Spec, entry: PoolAllocation): Share {
  const built = buildShare(pools[kind](spec), entry);
  if ("share" in built) return built.share;
  throw new Error(built.problem);
}

/** startIP-endIP of each exclusion. */
const exclusionsOf = (text: string) =>
  (JSON.parse(text) as { exclusions: { startIP: string; endIP: string }[] }).exclusions.map(
    ({ startIP, endIP }) => `${startIP}-${endIP}`,
  );

test("the share of the first node of a /16", (t) => {
  const exclusions = [{ startIP: "192.168.0.0", endIP: "192.168.0.10" }];
  const spec = { subnet: "192.168.0.0/16", perNodeBlockSize: 100, gateway: "192.168.0.1", exclusions };
  const [entry] = computeIPPoolBlocks(ipPool(spec), [], ["node"]).allocations;
  t.equal(
    encodeShare(share("IPPool", spec, entry!)),
    '{"subnet":"192.168.0.0/16","startIP":"192.168.0.1","endIP":"192.168.0.100","gateway":"192.168.0.1",' +
      '"exclusions":[{"startIP":"192.168.0.1","endIP":"192.168.0.10"}],"routes":[],"defaultGateway":false}',
  );
  t.end();
});

test("exclusions of an IPPool count from the block's start, are clamped and merged", (t) => {
  const spec = {
    subnet: "10.0.0.0/24",
    perNodeBlockSize: 10,
    exclusions: [
      { startIP: "10.0.0.15", endIP: "10.0.0.16" },
      { startIP: "10.0.0.5", endIP: "10.0.0.12" },
      { startIP: "10.0.0.40", endIP: "10.0.0.50" },
      { startIP: "10.0.0.16", endIP: "10.0.0.17" },
    ],
    perNodeExclusions: [{ startIndex: 9, endIndex: 9 }],
  };
  const text = encodeShare(
    share("IPPool", spec, { nodeName: "n", startIP: "10.0.0.11", endIP: "10.0.0.20" }),
  );
  t.same(exclusionsOf(text), ["10.0.0.11-10.0.0.12", "10.0.0.15-10.0.0.17", "10.0.0.20-10.0.0.20"]);
  t.end();
});

const prefixes: [prefix: string, startIP: string, endIP: string, perNodeExcluded: string[]][] = [
  ["10.0.2.0/24", "10.0.2.1", "10.0.2.254", ["10.0.2.1-10.0.2.1"]],
  ["10.0.2.0/31", "10.0.2.0", "10.0.2.1", ["10.0.2.0-10.0.2.1"]],
  ["10.0.2.1/32", "10.0.2.1", "10.0.2.1", ["10.0.2.1-10.0.2.1"]],
  ["fd00:0:0:2::/64", "fd00:0:0:2::1", "fd00::2:ffff:ffff:ffff:ffff", ["fd00:0:0:2::1-fd00:0:0:2::1"]],
  ["fd00::2/127", "fd00::2", "fd00::3", ["fd00::2-fd00::3"]],
];

for (const [prefix, startIP, endIP, excluded] of prefixes) {
  test(`the share of ${prefix}: exclusions count from the network address`, (t) => {
    const [base, length] = prefix.split("/");
    const cidr = base!.includes(":") ? "fd00::/48" : "10.0.0.0/16";
    const perNodeNetworkPrefix = Number(length);
    const perNodeExclusions =
      length === "32" ? [{ startIndex: 0, endIndex: 0 }] : [{ startIndex: 0, endIndex: 1 }];
    const text = encodeShare(
      share("CIDRPool", { cidr, perNodeNetworkPrefix, perNodeExclusions }, { nodeName: "n", prefix }),
    );
    const said = JSON.parse(text) as Record<string, unknown>;
    t.same([said.subnet, said.startIP, said.endIP, said.gateway], [prefix, startIP, endIP, ""]);
    t.same(exclusionsOf(text), excluded);
    t.end();
  });
}

test("routes only with a gateway, sorted, each once", (t) => {
  const routes = ["5.5.0.0/24", "4.4.0.0/16", "5.5.0.9/24", "4.4.0.0/24"].map((dst) => ({ dst }));
  const spec = {
    subnet: "10.1.6.0/24",
    perNodeBlockSize: 20,
    gateway: "10.1.6.254",
    routes,
    defaultGateway: true,
  };
  const own = share("IPPool", spec, { nodeName: "n", startIP: "10.1.6.21", endIP: "10.1.6.40" });
  t.same(shareRoutes(own).map(formatSubnet), ["0.0.0.0/0", "4.4.0.0/16", "4.4.0.0/24", "5.5.0.0/24"]);
  t.same(shareRoutes({ ...own, defaultGateway: false }).length, 3);
  const { gateway: _, ...without } = own;
  t.same(shareRoutes(without), []);
  const six = { cidr: "fd00::/48", perNodeNetworkPrefix: 64, gatewayIndex: 1, defaultGateway: true };
  const entry = { nodeName: "n", prefix: "fd00::/64", gateway: "fd00::1" };
  t.same(shareRoutes(share("CIDRPool", six, entry)).map(formatSubnet), ["::/0"]);
  t.end();
});

const subnet = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 };
const cidr = {
  cidr: "10.0.0.0/16",
  perNodeNetworkPrefix: 24,
  gatewayIndex: 1,
  staticAllocations: [{ nodeName: "other", prefix: "10.0.9.0/24", gateway: "10.0.9.7" }],
};
const misfits: [kind: keyof typeof pools, spec: Spec, entry: PoolAllocation, says: RegExp][] = [
  ["IPPool", subnet, { nodeName: "n", startIP: "x", endIP: "10.0.0.10" }, /startIP "x" is not an IP/],
  ["IPPool", subnet, { nodeName: "n", startIP: "10.0.0.1", endIP: "" }, /endIP "" is not an IP/],
  ["IPPool", subnet, { nodeName: "n", startIP: "10.0.0.2", endIP: "10.0.0.11" }, /does not begin a block/],
  ["IPPool", subnet, { nodeName: "n", startIP: "10.0.0.1", endIP: "10.0.0.11" }, /is not a block of 10/],
  ["IPPool", subnet, { nodeName: "n", startIP: "10.0.0.251", endIP: "10.0.1.4" }, /does not begin a block/],
  ["IPPool", subnet, { nodeName: "n", startIP: "fd00::1", endIP: "fd00::a" }, /does not begin a block/],
  ["IPPool", subnet, { nodeName: "n", prefix: "10.0.0.0/24" }, /of a CIDRPool/],
  ["CIDRPool", cidr, { nodeName: "n", startIP: "10.0.0.1", endIP: "10.0.0.10" }, /of an IPPool/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.0.0.0" }, /not ADDRESS\/LENGTH/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.0.0.1/24", gateway: "10.0.0.1" }, /host bits/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.0.0.0/25", gateway: "10.0.0.1" }, /not a \/24 of/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.7.0.0/24", gateway: "10.7.0.1" }, /is not a \/24 of/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.0.0.0/24", gateway: "10.0.0.2" }, /is not 10.0.0.1/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.0.0.0/24" }, /gateway "" is not 10.0.0.1/],
  ["CIDRPool", cidr, { nodeName: "n", prefix: "10.0.9.0/24", gateway: "10.0.9.1" }, /is not this node's/],
  [
    "CIDRPool",
    cidr,
    { nodeName: "other", prefix: "10.0.8.0/24", gateway: "10.0.8.1" },
    /static prefix 10.0.9.0/,
  ],
  ["CIDRPool", cidr, { nodeName: "other", prefix: "10.0.9.0/24", gateway: "10.0.9.1" }, /is not 10.0.9.7/],
];

for (const [kind, spec, entry, says] of misfits) {
  test(`no share from ${JSON.stringify(entry)}`, (t) => {
    const built = buildShare(pools[kind](spec), entry);
    t.match("problem" in built ? built.problem : "a share", says);
    t.end();
  });
}

test("a static gateway is the share's", (t) => {
  const own = share("CIDRPool", cidr, { nodeName: "other", prefix: "10.0.9.0/24", gateway: "10.0.9.7" });
  t.equal((JSON.parse(encodeShare(own)) as { gateway: string }).gateway, "10.0.9.7");
  t.end();
});
