// SPDX-License-Identifier: Apache-2.0
// Seven phases of pools and nodes that come, go and change, with what status.allocations holds after each; computed by hand
// from the rules that both implementations follow.

const worker = { nodeSelectorTerms: [{ matchExpressions: [{ key: "worker", operator: "Exists" }] }] };

/** By "Kind/name". */
export const pools: Readonly<Record<string, Record<string, unknown>>> = {
  "IPPool/flat": {
    subnet: "192.168.0.0/16",
    perNodeBlockSize: 100,
    gateway: "192.168.0.1",
    exclusions: [{ startIP: "192.168.0.0", endIP: "192.168.0.10" }],
    nodeSelector: worker,
  },
  "IPPool/six": { subnet: "fd00:10::/64", perNodeBlockSize: 10 },
  "IPPool/single": { subnet: "10.30.0.0/29", perNodeBlockSize: 1, gateway: "10.30.0.2" },
  "IPPool/small": { subnet: "10.40.0.0/29", perNodeBlockSize: 3 },
  "CIDRPool/cut": {
    cidr: "10.10.0.0/16",
    perNodeNetworkPrefix: 24,
    gatewayIndex: 1,
    defaultGateway: true,
    routes: [{ dst: "10.99.0.0/16" }],
    exclusions: [{ startIP: "10.10.0.0", endIP: "10.10.0.255" }],
    staticAllocations: [
      { nodeName: "worker", prefix: "10.10.5.0/24", gateway: "10.10.5.9" },
      { prefix: "10.10.1.0/24" },
      { nodeName: "nobody", prefix: "10.10.6.0/24" },
    ],
  },
  "CIDRPool/cut6": { cidr: "fd00:20::/48", perNodeNetworkPrefix: 64, gatewayIndex: 2 },
  "CIDRPool/link": { cidr: "10.20.0.0/24", perNodeNetworkPrefix: 31, gatewayIndex: 0 },
};

export type Change =
  | { readonly node: string; readonly labels: Record<string, string> | "gone" }
  | { readonly label: string; readonly value: string | null }
  | { readonly pool: string; readonly spec: Record<string, unknown> | "gone" };

export type Phase = {
  readonly title: string;
  readonly changes: readonly Change[];
  /** Entries of every pool that this phase changes, "NODE START-END" or "NODE PREFIX GATEWAY". */
  readonly after: Readonly<Record<string, readonly string[]>>;
};

export const phases: readonly Phase[] = [
  {
    title: "three nodes",
    changes: [],
    after: {
      "IPPool/flat": [
        "control-plane 192.168.0.1-192.168.0.100",
        "worker 192.168.0.101-192.168.0.200",
        "worker2 192.168.0.201-192.168.1.44",
      ],
      "IPPool/six": [
        "control-plane fd00:10::1-fd00:10::a",
        "worker fd00:10::b-fd00:10::14",
        "worker2 fd00:10::15-fd00:10::1e",
      ],
      "IPPool/single": [
        "control-plane 10.30.0.1-10.30.0.1",
        "worker 10.30.0.3-10.30.0.3",
        "worker2 10.30.0.4-10.30.0.4",
      ],
      "IPPool/small": ["control-plane 10.40.0.1-10.40.0.3", "worker 10.40.0.4-10.40.0.6"],
      "CIDRPool/cut": [
        "control-plane 10.10.2.0/24 10.10.2.1",
        "worker 10.10.5.0/24 10.10.5.9",
        "worker2 10.10.3.0/24 10.10.3.1",
      ],
      "CIDRPool/cut6": [
        "control-plane fd00:20::/64 fd00:20::2",
        "worker fd00:20:0:1::/64 fd00:20:0:1::2",
        "worker2 fd00:20:0:2::/64 fd00:20:0:2::2",
      ],
      "CIDRPool/link": [
        "control-plane 10.20.0.0/31 10.20.0.0",
        "worker 10.20.0.2/31 10.20.0.2",
        "worker2 10.20.0.4/31 10.20.0.4",
      ],
    },
  },
  {
    title: "a node comes whose name is the first",
    changes: [{ node: "alpha", labels: { worker: "" } }],
    after: {
      "IPPool/flat": [
        "alpha 192.168.1.45-192.168.1.144",
        "control-plane 192.168.0.1-192.168.0.100",
        "worker 192.168.0.101-192.168.0.200",
        "worker2 192.168.0.201-192.168.1.44",
      ],
      "IPPool/single": [
        "alpha 10.30.0.5-10.30.0.5",
        "control-plane 10.30.0.1-10.30.0.1",
        "worker 10.30.0.3-10.30.0.3",
        "worker2 10.30.0.4-10.30.0.4",
      ],
      "IPPool/six": [
        "alpha fd00:10::1f-fd00:10::28",
        "control-plane fd00:10::1-fd00:10::a",
        "worker fd00:10::b-fd00:10::14",
        "worker2 fd00:10::15-fd00:10::1e",
      ],
      "CIDRPool/cut": [
        "alpha 10.10.4.0/24 10.10.4.1",
        "control-plane 10.10.2.0/24 10.10.2.1",
        "worker 10.10.5.0/24 10.10.5.9",
        "worker2 10.10.3.0/24 10.10.3.1",
      ],
      "CIDRPool/cut6": [
        "alpha fd00:20:0:3::/64 fd00:20:0:3::2",
        "control-plane fd00:20::/64 fd00:20::2",
        "worker fd00:20:0:1::/64 fd00:20:0:1::2",
        "worker2 fd00:20:0:2::/64 fd00:20:0:2::2",
      ],
      "CIDRPool/link": [
        "alpha 10.20.0.6/31 10.20.0.6",
        "control-plane 10.20.0.0/31 10.20.0.0",
        "worker 10.20.0.2/31 10.20.0.2",
        "worker2 10.20.0.4/31 10.20.0.4",
      ],
    },
  },
  {
    title: "a node goes",
    changes: [{ node: "control-plane", labels: "gone" }],
    after: {
      "IPPool/six": [
        "alpha fd00:10::1f-fd00:10::28",
        "worker fd00:10::b-fd00:10::14",
        "worker2 fd00:10::15-fd00:10::1e",
      ],
      "IPPool/single": [
        "alpha 10.30.0.5-10.30.0.5",
        "worker 10.30.0.3-10.30.0.3",
        "worker2 10.30.0.4-10.30.0.4",
      ],
      "CIDRPool/cut": [
        "alpha 10.10.4.0/24 10.10.4.1",
        "worker 10.10.5.0/24 10.10.5.9",
        "worker2 10.10.3.0/24 10.10.3.1",
      ],
      "CIDRPool/cut6": [
        "alpha fd00:20:0:3::/64 fd00:20:0:3::2",
        "worker fd00:20:0:1::/64 fd00:20:0:1::2",
        "worker2 fd00:20:0:2::/64 fd00:20:0:2::2",
      ],
      "IPPool/flat": [
        "alpha 192.168.1.45-192.168.1.144",
        "worker 192.168.0.101-192.168.0.200",
        "worker2 192.168.0.201-192.168.1.44",
      ],
      "IPPool/small": ["alpha 10.40.0.1-10.40.0.3", "worker 10.40.0.4-10.40.0.6"],
      "CIDRPool/link": [
        "alpha 10.20.0.6/31 10.20.0.6",
        "worker 10.20.0.2/31 10.20.0.2",
        "worker2 10.20.0.4/31 10.20.0.4",
      ],
    },
  },
  {
    title: "a node comes that not all pools select",
    changes: [{ node: "beta", labels: {} }],
    after: {
      "IPPool/single": [
        "alpha 10.30.0.5-10.30.0.5",
        "beta 10.30.0.1-10.30.0.1",
        "worker 10.30.0.3-10.30.0.3",
        "worker2 10.30.0.4-10.30.0.4",
      ],
      "CIDRPool/cut6": [
        "alpha fd00:20:0:3::/64 fd00:20:0:3::2",
        "beta fd00:20::/64 fd00:20::2",
        "worker fd00:20:0:1::/64 fd00:20:0:1::2",
        "worker2 fd00:20:0:2::/64 fd00:20:0:2::2",
      ],
      "CIDRPool/link": [
        "alpha 10.20.0.6/31 10.20.0.6",
        "beta 10.20.0.0/31 10.20.0.0",
        "worker 10.20.0.2/31 10.20.0.2",
        "worker2 10.20.0.4/31 10.20.0.4",
      ],
      "IPPool/six": [
        "alpha fd00:10::1f-fd00:10::28",
        "beta fd00:10::1-fd00:10::a",
        "worker fd00:10::b-fd00:10::14",
        "worker2 fd00:10::15-fd00:10::1e",
      ],
      "CIDRPool/cut": [
        "alpha 10.10.4.0/24 10.10.4.1",
        "beta 10.10.2.0/24 10.10.2.1",
        "worker 10.10.5.0/24 10.10.5.9",
        "worker2 10.10.3.0/24 10.10.3.1",
      ],
    },
  },
  {
    title: "labels change hands",
    changes: [
      { label: "worker2", value: null },
      { label: "beta", value: "" },
    ],
    after: {
      "IPPool/flat": [
        "alpha 192.168.1.45-192.168.1.144",
        "beta 192.168.0.1-192.168.0.100",
        "worker 192.168.0.101-192.168.0.200",
      ],
    },
  },
  {
    title: "specs change",
    changes: [
      { pool: "IPPool/flat", spec: { perNodeBlockSize: 50 } },
      { pool: "IPPool/six", spec: { exclusions: [{ startIP: "fd00:10::", endIP: "fd00:10::a" }] } },
      { pool: "IPPool/single", spec: { gateway: "10.30.0.3" } },
      { pool: "CIDRPool/cut", spec: { gatewayIndex: 5 } },
      { pool: "IPPool/small", spec: "gone" },
    ],
    after: {
      "IPPool/flat": [
        "alpha 192.168.0.1-192.168.0.50",
        "beta 192.168.0.51-192.168.0.100",
        "worker 192.168.0.101-192.168.0.150",
      ],
      "IPPool/six": [
        "alpha fd00:10::1f-fd00:10::28",
        "beta fd00:10::29-fd00:10::32",
        "worker fd00:10::b-fd00:10::14",
        "worker2 fd00:10::15-fd00:10::1e",
      ],
      "IPPool/single": [
        "alpha 10.30.0.5-10.30.0.5",
        "beta 10.30.0.1-10.30.0.1",
        "worker 10.30.0.2-10.30.0.2",
        "worker2 10.30.0.4-10.30.0.4",
      ],
      "CIDRPool/cut": [
        "alpha 10.10.2.0/24 10.10.2.5",
        "beta 10.10.3.0/24 10.10.3.5",
        "worker 10.10.5.0/24 10.10.5.9",
        "worker2 10.10.4.0/24 10.10.4.5",
      ],
    },
  },
  {
    title: "selectors and static prefixes change, no node is left in one pool",
    changes: [
      {
        pool: "CIDRPool/link",
        spec: {
          nodeSelector: {
            nodeSelectorTerms: [
              { matchFields: [{ key: "metadata.name", operator: "In", values: ["worker"] }] },
            ],
          },
        },
      },
      {
        pool: "CIDRPool/cut6",
        spec: { staticAllocations: [{ nodeName: "beta", prefix: "FD00:20:0:1::/64" }] },
      },
      { pool: "IPPool/six", spec: { nodeSelector: { nodeSelectorTerms: [{}] } } },
    ],
    after: {
      "IPPool/six": [],
      "CIDRPool/link": ["worker 10.20.0.2/31 10.20.0.2"],
      "CIDRPool/cut6": [
        "alpha fd00:20:0:3::/64 fd00:20:0:3::2",
        "beta FD00:20:0:1::/64 fd00:20:0:1::2",
        "worker fd00:20::/64 fd00:20::2",
        "worker2 fd00:20:0:2::/64 fd00:20:0:2::2",
      ],
    },
  },
];
