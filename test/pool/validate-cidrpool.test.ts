// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { cidrPool, manifest, problemsOf, type Spec } from "./read.ts";

const four = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24 };
const six = { cidr: "fd00::/48", perNodeNetworkPrefix: 64 };
const statics = (...staticAllocations: Spec[]) => ({ ...four, staticAllocations });

const valid: Spec[] = [
  four,
  six,
  { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 16 },
  { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 32, gatewayIndex: 0 },
  { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 31, gatewayIndex: 1 },
  { cidr: "fd00::/48", perNodeNetworkPrefix: 127, gatewayIndex: 0 },
  { cidr: "0.0.0.0/0", perNodeNetworkPrefix: 1 },
  { ...four, gatewayIndex: 254 },
  { ...six, gatewayIndex: 2147483647 },
  { cidr: "fd00::/48", perNodeNetworkPrefix: 120, gatewayIndex: 255 },
  { ...four, exclusions: [{ startIP: "10.0.0.0", endIP: "10.0.255.255" }] },
  { ...four, perNodeExclusions: [{ startIndex: 0, endIndex: 255 }] },
  { ...six, perNodeExclusions: [{ startIndex: 0, endIndex: 2147483647 }] },
  { ...four, gatewayIndex: 1, defaultGateway: true, routes: [{ dst: "10.9.0.0/16" }] },
  statics(
    { prefix: "10.0.1.0/24" },
    { prefix: "10.0.2.0/24" },
    { nodeName: "n", prefix: "10.0.3.0/24", gateway: "10.0.3.9" },
  ),
  statics({ nodeName: "", prefix: "10.0.1.0/24", gateway: "" }),
];

for (const spec of valid) {
  test(`valid: ${JSON.stringify(spec)}`, (t) => {
    t.same(problemsOf(manifest("CIDRPool", spec)), []);
    t.end();
  });
}

const network = "is not a network as ADDRESS/LENGTH";
const invalid: [spec: Spec, says: string[]][] = [
  [{ ...four, cidr: "10.0.0.0" }, [`spec.cidr: "10.0.0.0" ${network}`]],
  [
    { ...four, cidr: "10.0.0.1/16" },
    ["spec.cidr: 10.0.0.1/16 has host bits set; its network is 10.0.0.0/16"],
  ],
  [
    {
      cidr: "10.0.0.1/16",
      perNodeNetworkPrefix: 24,
      gatewayIndex: 255,
      exclusions: [{ startIP: "10.1.0.0", endIP: "10.0.255.255" }],
      routes: [{ dst: "fd00::/8" }],
      staticAllocations: [{ prefix: "10.1.1.1/25", gateway: "10.0.9.9" }],
    },
    [
      "spec.cidr: 10.0.0.1/16 has host bits set; its network is 10.0.0.0/16",
      "spec.gatewayIndex: 255 is no usable address of a /24",
      "spec.exclusions[0].startIP: 10.1.0.0 is not an address of 10.0.0.0/16",
      "spec.exclusions[0].endIP: 10.0.255.255 must not come before startIP 10.1.0.0",
      "spec.routes[0].dst: fd00::/8 is IPv6, the pool is IPv4",
      "spec.staticAllocations[0].prefix: 10.1.1.1/25 has host bits set; its network is 10.1.1.0/25",
      "spec.staticAllocations[0].prefix: 10.1.1.0/25 is not inside 10.0.0.0/16",
      "spec.staticAllocations[0].prefix: 10.1.1.0/25 must have the length of perNodeNetworkPrefix, 24",
      "spec.staticAllocations[0].gateway: 10.0.9.9 is not an address of 10.1.1.0/25",
    ],
  ],
  [
    { ...four, perNodeNetworkPrefix: 15 },
    ["spec.perNodeNetworkPrefix: 15 must be between 16 and 32, as the cidr is 10.0.0.0/16"],
  ],
  [
    { ...four, perNodeNetworkPrefix: 33 },
    ["spec.perNodeNetworkPrefix: 33 must be between 16 and 32, as the cidr is 10.0.0.0/16"],
  ],
  [
    { cidr: "0.0.0.0/0", perNodeNetworkPrefix: 0 },
    ["spec.perNodeNetworkPrefix: 0 must be between 1 and 32, as the cidr is 0.0.0.0/0"],
  ],
  [
    { cidr: "fd00::/48", perNodeNetworkPrefix: 129 },
    ["spec.perNodeNetworkPrefix: 129 must be between 48 and 128, as the cidr is fd00::/48"],
  ],
  [{ ...four, gatewayIndex: -1 }, ["spec.gatewayIndex: -1 must not be negative"]],
  [{ ...four, gatewayIndex: 0 }, ["spec.gatewayIndex: 0 is no usable address of a /24"]],
  [{ ...four, gatewayIndex: 255 }, ["spec.gatewayIndex: 255 is no usable address of a /24"]],
  [
    { ...four, perNodeNetworkPrefix: 31, gatewayIndex: 2 },
    ["spec.gatewayIndex: 2 is no usable address of a /31"],
  ],
  [{ ...six, gatewayIndex: 0 }, ["spec.gatewayIndex: 0 is no usable address of a /64"]],
  [
    { ...four, perNodeExclusions: [{ startIndex: 0, endIndex: 256 }] },
    ["spec.perNodeExclusions[0].endIndex: 256 is beyond the last index of a node's block, 255"],
  ],
  [
    { ...four, exclusions: [{ startIP: "10.1.0.0", endIP: "10.1.0.1" }] },
    [
      "spec.exclusions[0].startIP: 10.1.0.0 is not an address of 10.0.0.0/16",
      "spec.exclusions[0].endIP: 10.1.0.1 is not an address of 10.0.0.0/16",
    ],
  ],
  [
    { ...six, defaultGateway: true, routes: [{ dst: "::/0" }, { dst: "10.0.0.0/8" }] },
    [
      "spec.defaultGateway: needs spec.gatewayIndex",
      "spec.routes: need spec.gatewayIndex",
      "spec.routes[0].dst: ::/0 is the default route, which defaultGateway: true gives already",
      "spec.routes[1].dst: 10.0.0.0/8 is IPv4, the pool is IPv6",
    ],
  ],
  [statics({ prefix: "10.0.1.0" }), [`spec.staticAllocations[0].prefix: "10.0.1.0" ${network}`]],
  [
    statics({ prefix: "10.0.1.1/24" }),
    ["spec.staticAllocations[0].prefix: 10.0.1.1/24 has host bits set; its network is 10.0.1.0/24"],
  ],
  [
    statics({ prefix: "10.1.1.0/24" }),
    ["spec.staticAllocations[0].prefix: 10.1.1.0/24 is not inside 10.0.0.0/16"],
  ],
  [
    statics({ prefix: "fd00::/24" }),
    ["spec.staticAllocations[0].prefix: fd00::/24 is IPv6, the pool is IPv4"],
  ],
  [
    statics({ prefix: "10.0.1.0/25" }),
    ["spec.staticAllocations[0].prefix: 10.0.1.0/25 must have the length of perNodeNetworkPrefix, 24"],
  ],
  [
    statics({ prefix: "10.0.1.0/24", gateway: "10.0.2.1" }),
    ["spec.staticAllocations[0].gateway: 10.0.2.1 is not an address of 10.0.1.0/24"],
  ],
  [
    statics({ prefix: "10.0.1.0/24", gateway: "gw" }),
    ['spec.staticAllocations[0].gateway: "gw" is not an IP address'],
  ],
  [
    statics(
      { nodeName: "n", prefix: "10.0.1.0/24" },
      { nodeName: "m", prefix: "10.0.1.0/24" },
      { nodeName: "n", prefix: "10.0.2.0/24" },
    ),
    [
      "spec.staticAllocations[1].prefix: 10.0.1.0/24 is already in spec.staticAllocations[0]",
      "spec.staticAllocations[2].nodeName: n is already in spec.staticAllocations[0]",
    ],
  ],
];

for (const [spec, says] of invalid) {
  test(`invalid: ${JSON.stringify(spec)}`, (t) => {
    t.same(problemsOf(manifest("CIDRPool", spec)), says);
    t.end();
  });
}

test("static allocations keep the letters they were written in", (t) => {
  const spec = {
    ...six,
    staticAllocations: [{ nodeName: "n", prefix: "FD00:0:0:1::/64", gateway: "FD00:0:0:1::0A" }],
  };
  const [allocation] = cidrPool(spec).staticAllocations;
  t.same(allocation, {
    nodeName: "n",
    prefix: { family: 6, base: 0xfd00_0000_0000_0001n << 64n, prefixLength: 64 },
    gateway: { family: 6, value: (0xfd00_0000_0000_0001n << 64n) + 10n },
    written: { prefix: "FD00:0:0:1::/64", gateway: "FD00:0:0:1::0A" },
  });
  t.end();
});
