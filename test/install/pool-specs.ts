// SPDX-License-Identifier: Apache-2.0
// Specs that the schemas take, right and wrong ones, as one table for everything that judges pools.

type Spec = Readonly<Record<string, unknown>>;
export type PoolSpec = { readonly kind: "IPPool" | "CIDRPool"; readonly spec: Spec };

const four = { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" };
const six = { subnet: "fd00::/64", perNodeBlockSize: 10, gateway: "fd00::1" };
const sized = (subnet: string, perNodeBlockSize: number) => ({ subnet, perNodeBlockSize });
const excluding = (startIP: string, endIP: string, of: Spec = four) => ({
  ...of,
  exclusions: [{ startIP, endIP }],
});
const indexes = (startIndex: number, endIndex: number, of: Spec = four) => ({
  ...of,
  perNodeExclusions: [{ startIndex, endIndex }],
});
const selecting = (...nodeSelectorTerms: unknown[]) => ({ ...four, nodeSelector: { nodeSelectorTerms } });
const label = (key: string, operator: string, values?: string[]) =>
  selecting({ matchExpressions: [{ key, operator, ...(values && { values }) }] });
const field = (key: string, operator: string, values?: string[]) =>
  selecting({ matchFields: [{ key, operator, ...(values && { values }) }] });

const ipPools: Spec[] = [
  four,
  six,
  ...[
    "10.0.0.7/24",
    "10.0.0.0",
    "",
    "x",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0/24",
    "010.0.0.0/24",
    "fd00::/129",
  ].map((subnet) => sized(subnet, 1)),
  ...[
    "::ffff:10.0.0.0/120",
    "10.0.0.0/024",
    "::/0",
    "0.0.0.0/0",
    "fe80::1%eth0/64",
    "FD00::/64",
    "1:2:3:4:5:6:7::/120",
  ].map((subnet) => sized(subnet, 1)),
  ...[0, -1, 1, 253, 254, 255].map((size) => sized("10.0.0.0/24", size)),
  ...[1, 2, 3].flatMap((size) =>
    ["10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32"].map((net) => sized(net, size)),
  ),
  ...[1, 2, 3, 4].flatMap((size) =>
    ["fd00::/126", "fd00::/127", "fd00::/128"].map((net) => sized(net, size)),
  ),
  ...[2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33].map((size) => sized("fd00::/96", size)),
  sized("fd00::/64", Number.MAX_SAFE_INTEGER),
  sized("fd00::/66", Number.MAX_SAFE_INTEGER),
  sized("0.0.0.0/0", 2 ** 32 - 2),
  sized("0.0.0.0/0", 2 ** 32 - 1),
  ...[
    "",
    "gw",
    "10.0.0.0",
    "10.0.0.255",
    "10.0.1.1",
    "fd00::1",
    "::ffff:10.0.0.9",
    "::ffff:10.1.0.9",
    "10.0.0.01",
  ].map((gateway) => ({ ...four, gateway })),
  { ...six, gateway: "10.0.0.1" },
  { ...six, gateway: "FD00:0::0.0.0.9" },
  excluding("10.0.0.0", "10.0.0.255"),
  excluding("10.0.0.5", "10.0.0.5"),
  excluding("10.0.0.8", "10.0.0.7"),
  excluding("10.0.0.128", "10.0.0.127"),
  excluding("10.0.0.127", "10.0.0.128"),
  excluding("10.0.0.9", "10.0.0.10"),
  excluding("10.0.0.10", "10.0.0.9"),
  excluding("128.0.0.0", "127.255.255.255", sized("0.0.0.0/0", 1)),
  excluding("127.255.255.255", "128.0.0.0", sized("0.0.0.0/0", 1)),
  excluding("10.0.0.1", "10.0.1.0"),
  excluding("9.255.255.255", "10.0.0.1"),
  excluding("x", "10.0.0.1"),
  excluding("10.0.0.1", ""),
  excluding("::ffff:10.0.0.1", "10.0.0.2"),
  excluding("10.0.0.1", "fd00::1"),
  excluding("fd00::1", "fd00::2", six),
  excluding("fd00::2", "fd00::1", six),
  excluding("fd00::ffff", "fd00::1:0", six),
  excluding("fd00::1:0", "fd00::fff", six),
  excluding("fd00::8000:0:0:0", "fd00::7fff:1:1:1", six),
  excluding("8000::", "7fff::1", sized("::/0", 1)),
  excluding("7fff::1", "8000::", sized("::/0", 1)),
  excluding("fd00::A", "fd00::b", six),
  excluding("fd00::1", "fd01::1", six),
  { ...four, exclusions: [] },
  indexes(0, 9),
  indexes(9, 9),
  indexes(0, 10),
  indexes(10, 11),
  indexes(5, 4),
  indexes(0, 2 ** 31 - 1, sized("fd00::/64", 2 ** 40)),
  { ...four, defaultGateway: true },
  { ...four, defaultGateway: true, gateway: "" },
  { ...sized("10.0.0.0/24", 10), defaultGateway: true },
  { ...sized("10.0.0.0/24", 10), defaultGateway: false, routes: [] },
  ...["10.9.0.1/16", "0.0.0.0/0", "10.0.0.0", "x", "fd00::/8", "::ffff:10.0.0.0/104", "10.0.0.0/08"].flatMap(
    (dst) =>
      [four, { ...four, defaultGateway: true }, sized("10.0.0.0/24", 10)].map((spec) => ({
        ...spec,
        routes: [{ dst }],
      })),
  ),
  ...["::/0", "fd01::/16", "0.0.0.0/0"].map((dst) => ({ ...six, defaultGateway: true, routes: [{ dst }] })),
  selecting(),
  selecting({}),
  ...["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "in", "toString", ""].flatMap((operator) =>
    [undefined, [], ["1"], ["1", "2"]].map((values) => label("a", operator, values)),
  ),
  ...[
    "a.b/c_d.e-F",
    "x".repeat(63),
    "x".repeat(64),
    "",
    "-a",
    "a-",
    "A.b/c",
    "/c",
    "a/b/c",
    "a..b/c",
    "a/",
  ].map((key) => label(key, "Exists")),
  ...[`${"d".repeat(253)}/a`, `${"d".repeat(254)}/a`].map((key) => label(key, "Exists")),
  label("a", "In", ["c d"]),
  ...["In", "NotIn", "Exists", "Gt"].flatMap((operator) =>
    [undefined, [], ["n"], ["n", "m"], ["N"], ["node-1.example"], ["-n"]].map((values) =>
      field("metadata.name", operator, values),
    ),
  ),
  field("metadata.uid", "In", ["n"]),
  selecting(
    { matchExpressions: [{ key: "a", operator: "Exists" }] },
    { matchFields: [{ key: "b", operator: "In" }] },
  ),
];

const cidr = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 };
const cidrSix = { cidr: "fd00::/48", perNodeNetworkPrefix: 64 };
const statics = (...staticAllocations: Spec[]) => ({ ...cidr, staticAllocations });

const cidrPools: Spec[] = [
  cidr,
  cidrSix,
  ...[
    "10.0.0.1/16",
    "10.0.0.0",
    "",
    "x",
    "::ffff:10.0.0.0/112",
    "10.0.0.0/016",
    "fd00::1/16",
    "0.0.0.0/0",
  ].map((net) => ({
    ...cidr,
    cidr: net,
  })),
  ...[-1, 0, 1, 15, 16, 31, 32, 33, 128, 129].map((length) => ({ ...cidr, perNodeNetworkPrefix: length })),
  ...[0, 47, 48, 127, 128, 129].map((length) => ({ ...cidrSix, perNodeNetworkPrefix: length })),
  { cidr: "0.0.0.0/0", perNodeNetworkPrefix: 0 },
  { cidr: "x", perNodeNetworkPrefix: 129 },
  ...[0, 1, 2, 3, 4].flatMap((gatewayIndex) =>
    [29, 30, 31, 32].map((length) => ({ ...cidr, perNodeNetworkPrefix: length, gatewayIndex })),
  ),
  ...[0, 1, 2, 3, 4].flatMap((gatewayIndex) =>
    [125, 126, 127, 128].map((length) => ({ ...cidrSix, perNodeNetworkPrefix: length, gatewayIndex })),
  ),
  ...[-1, 0, 254, 255, 256, 2 ** 31 - 1].map((gatewayIndex) => ({ ...cidr, gatewayIndex })),
  ...[-1, 0, 1, 2 ** 31 - 1].map((gatewayIndex) => ({ ...cidrSix, gatewayIndex })),
  { cidr: "0.0.0.0/0", perNodeNetworkPrefix: 1, gatewayIndex: 2 ** 31 - 1 },
  { cidr: "0.0.0.0/0", perNodeNetworkPrefix: 1, gatewayIndex: 2 ** 31 - 2 },
  indexes(0, 255, cidr),
  indexes(0, 256, cidr),
  indexes(256, 256, cidr),
  indexes(0, 2 ** 31 - 1, cidrSix),
  excluding("10.0.0.0", "10.0.255.255", cidr),
  excluding("10.0.0.0", "10.1.0.0", cidr),
  { ...cidr, gatewayIndex: 1, defaultGateway: true, routes: [{ dst: "10.9.0.0/16" }] },
  { ...cidr, defaultGateway: true },
  { ...cidr, routes: [{ dst: "10.9.0.0/16" }] },
  { ...cidr, gatewayIndex: 0, routes: [{ dst: "fd00::/16" }] },
  statics({ prefix: "10.0.1.0/24" }, { prefix: "10.0.2.0/24" }),
  statics({ nodeName: "", prefix: "10.0.1.0/24", gateway: "" }, { nodeName: "", prefix: "10.0.2.0/24" }),
  ...[
    "10.0.1.0",
    "10.0.1.1/24",
    "10.1.1.0/24",
    "fd00::/24",
    "10.0.1.0/25",
    "::ffff:10.0.1.0/120",
    "10.0.0.0/8",
    "x",
  ].map((prefix) => statics({ nodeName: "n", prefix })),
  ...["10.0.1.0", "10.0.1.255", "10.0.2.1", "gw", "fd00::1", "::ffff:10.0.1.9"].map((gateway) =>
    statics({ nodeName: "n", prefix: "10.0.1.0/24", gateway }),
  ),
  statics({ nodeName: "n", prefix: "10.0.1.0/24" }, { nodeName: "n", prefix: "10.0.2.0/24" }),
  statics({ nodeName: "n", prefix: "10.0.1.0/24" }, { nodeName: "m", prefix: "10.0.1.0/24" }),
  statics({ nodeName: "n", prefix: "10.0.1.0/24" }, { prefix: "10.0.1.0/24" }),
  {
    ...cidrSix,
    staticAllocations: [
      { nodeName: "n", prefix: "FD00:0:0:1::/64" },
      { nodeName: "m", prefix: "fd00:0:0:1:0::/64" },
    ],
  },
];

export const poolSpecs: readonly PoolSpec[] = [
  ...ipPools.map((spec) => ({ kind: "IPPool" as const, spec })),
  ...cidrPools.map((spec) => ({ kind: "CIDRPool" as const, spec })),
];
