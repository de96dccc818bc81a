// SPDX-License-Identifier: Apache-2.0
// What the schemas take and refuse, the same as the Go implementation's: an object that it took once must stay writable.

type Row = { readonly kind: "IPPool" | "CIDRPool"; readonly object: object; readonly taken: boolean };

const ip = { subnet: "10.0.0.0/24", perNodeBlockSize: 10 };
const cidr = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 };
const selector = (...nodeSelectorTerms: unknown[]) => ({ nodeSelector: { nodeSelectorTerms } });

const ipPoolsTaken: object[] = [
  ip,
  { subnet: "", perNodeBlockSize: 0 },
  { subnet: "nonsense", perNodeBlockSize: -1 },
  { ...ip, perNodeBlockSize: 2 ** 53 },
  { ...ip, gateway: "" },
  { ...ip, gateway: "nonsense", newer: { field: true } },
  { ...ip, gateway: null, exclusions: null, nodeSelector: null, defaultGateway: null, routes: null },
  { ...ip, exclusions: [], perNodeExclusions: [], routes: [], defaultGateway: false },
  { ...ip, exclusions: [{ startIP: "", endIP: "x" }], perNodeExclusions: [{ startIndex: 5, endIndex: 0 }] },
  { ...ip, perNodeExclusions: [{ startIndex: 0, endIndex: 2 ** 40 }] },
  { ...ip, routes: [{ dst: "" }], defaultGateway: true },
  { ...ip, ...selector() },
  { ...ip, ...selector({}, { matchExpressions: [], matchFields: [] }) },
  { ...ip, ...selector({ matchExpressions: [{ key: "", operator: "like", values: ["?"] }] }) },
];

const ipPoolsRefused: object[] = [
  {},
  { subnet: "10.0.0.0/24" },
  { perNodeBlockSize: 10 },
  { ...ip, perNodeBlockSize: "10" },
  { ...ip, perNodeBlockSize: 10.5 },
  { ...ip, subnet: 10 },
  { ...ip, gateway: ["10.0.0.1"] },
  { ...ip, exclusions: [{ startIP: "10.0.0.1" }] },
  { ...ip, perNodeExclusions: [{ startIndex: -1, endIndex: 1 }] },
  { ...ip, perNodeExclusions: [{ startIndex: 0, endIndex: -1 }] },
  { ...ip, perNodeExclusions: [{ endIndex: 1 }] },
  { ...ip, routes: [{}] },
  { ...ip, defaultGateway: "true" },
  { ...ip, nodeSelector: {} },
  { ...ip, ...selector({ matchExpressions: [{ key: "a" }] }) },
  { ...ip, ...selector({ matchExpressions: [{ key: "a", operator: "In", values: [1] }] }) },
];

const cidrPoolsTaken: object[] = [
  cidr,
  { cidr: "", perNodeNetworkPrefix: 0 },
  { ...cidr, perNodeNetworkPrefix: -5 },
  { ...cidr, gatewayIndex: -1 },
  { ...cidr, gatewayIndex: 2 ** 31 - 1 },
  { ...cidr, staticAllocations: [] },
  { ...cidr, staticAllocations: [{ prefix: "" }, { nodeName: "", gateway: "", prefix: "x" }] },
];

const cidrPoolsRefused: object[] = [
  { cidr: "10.0.0.0/16" },
  { perNodeNetworkPrefix: 24 },
  { ...cidr, perNodeNetworkPrefix: "24" },
  { ...cidr, gatewayIndex: "1" },
  { ...cidr, staticAllocations: [{ nodeName: "n" }] },
];

const rows = (kind: Row["kind"], taken: boolean, specs: object[]): Row[] =>
  specs.map((spec) => ({ kind, object: { spec }, taken }));

export const acceptance: readonly Row[] = [
  ...rows("IPPool", true, ipPoolsTaken),
  ...rows("IPPool", false, ipPoolsRefused),
  ...rows("CIDRPool", true, cidrPoolsTaken),
  ...rows("CIDRPool", false, cidrPoolsRefused),
  // What a program creates along with the spec is not looked at: status is the controller's.
  { kind: "IPPool", object: { spec: ip, status: { allocations: null } }, taken: true },
];
