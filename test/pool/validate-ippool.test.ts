// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { ipPool, manifest, problemsOf, type Spec } from "./read.ts";

const four = { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" };
const six = { subnet: "fd00::/120", perNodeBlockSize: 10, gateway: "fd00::1" };
const sized = (subnet: string, perNodeBlockSize: number) => ({ subnet, perNodeBlockSize });

const valid: Spec[] = [
  four,
  six,
  sized("10.0.0.0/24", 254),
  sized("10.0.0.7/24", 1),
  sized("10.0.0.0/31", 2),
  sized("10.0.0.0/32", 1),
  sized("fd00::/120", 255),
  sized("fd00::/127", 2),
  sized("fd00::/128", 1),
  sized("fd00::/32", Number.MAX_SAFE_INTEGER),
  { ...four, gateway: "" },
  { ...four, gateway: "10.0.0.0" },
  { ...four, exclusions: [{ startIP: "10.0.0.0", endIP: "10.0.0.255" }] },
  { ...four, perNodeExclusions: [{ startIndex: 0, endIndex: 9 }] },
  { ...four, defaultGateway: true, routes: [{ dst: "10.9.0.1/16" }] },
  { ...four, routes: [{ dst: "0.0.0.0/0" }] },
  { ...six, defaultGateway: true, routes: [{ dst: "fd01::/16" }] },
];

for (const spec of valid) {
  test(`valid: ${JSON.stringify(spec)}`, (t) => {
    t.same(problemsOf(manifest("IPPool", spec)), []);
    t.end();
  });
}

const network = "is not a network as ADDRESS/LENGTH";
const invalid: [spec: Spec, says: string[]][] = [
  [sized("10.0.0.0", 10), [`spec.subnet: "10.0.0.0" ${network}`]],
  [sized("", 10), [`spec.subnet: "" ${network}`]],
  [sized("10.0.0.0/33", 10), [`spec.subnet: "10.0.0.0/33" ${network}`]],
  [sized("10.0.0.0/24", 0), ["spec.perNodeBlockSize: 0 must be at least 1"]],
  [sized("10.0.0.0/24", -5), ["spec.perNodeBlockSize: -5 must be at least 1"]],
  [
    sized("10.0.0.0/24", 255),
    ["spec.perNodeBlockSize: 255 is more than the 254 usable addresses of 10.0.0.0/24"],
  ],
  [sized("10.0.0.0/31", 3), ["spec.perNodeBlockSize: 3 is more than the 2 usable addresses of 10.0.0.0/31"]],
  [sized("10.0.0.0/32", 2), ["spec.perNodeBlockSize: 2 is more than the 1 usable addresses of 10.0.0.0/32"]],
  [
    sized("fd00::/120", 256),
    ["spec.perNodeBlockSize: 256 is more than the 255 usable addresses of fd00::/120"],
  ],
  [{ ...four, gateway: "gw" }, ['spec.gateway: "gw" is not an IP address']],
  [{ ...four, gateway: "10.0.1.1" }, ["spec.gateway: 10.0.1.1 is not an address of 10.0.0.0/24"]],
  [{ ...four, gateway: "fd00::1" }, ["spec.gateway: fd00::1 is not an address of 10.0.0.0/24"]],
  [
    {
      ...four,
      exclusions: [
        { startIP: "10.0.0.1", endIP: "10.0.0.2" },
        { startIP: "x", endIP: "10.0.1.0" },
        { startIP: "10.0.0.9", endIP: "10.0.0.8" },
        { startIP: "10.0.0.1", endIP: "fd00::1" },
      ],
    },
    [
      'spec.exclusions[1].startIP: "x" is not an IP address',
      "spec.exclusions[1].endIP: 10.0.1.0 is not an address of 10.0.0.0/24",
      "spec.exclusions[2].endIP: 10.0.0.8 must not come before startIP 10.0.0.9",
      "spec.exclusions[3].endIP: fd00::1 is not an address of 10.0.0.0/24",
      "spec.exclusions[3].endIP: fd00::1 must not come before startIP 10.0.0.1",
    ],
  ],
  [
    {
      ...four,
      perNodeExclusions: [
        { startIndex: -1, endIndex: 10 },
        { startIndex: 5, endIndex: 4 },
      ],
    },
    [
      "spec.perNodeExclusions[0].startIndex: -1 must not be negative",
      "spec.perNodeExclusions[0].endIndex: 10 is beyond the last index of a node's block, 9",
      "spec.perNodeExclusions[1].endIndex: 4 must not be below startIndex 5",
    ],
  ],
  [
    { ...four, routes: [{ dst: "10.0.0.0" }, { dst: "fd00::/8" }] },
    [`spec.routes[0].dst: "10.0.0.0" ${network}`, "spec.routes[1].dst: fd00::/8 is IPv6, the pool is IPv4"],
  ],
  [
    { ...four, defaultGateway: true, routes: [{ dst: "0.0.0.0/0" }] },
    ["spec.routes[0].dst: 0.0.0.0/0 is the default route, which defaultGateway: true gives already"],
  ],
  [
    { ...sized("10.0.0.0/24", 10), defaultGateway: true, routes: [{ dst: "10.1.0.0/16" }] },
    ["spec.defaultGateway: needs spec.gateway", "spec.routes: need spec.gateway"],
  ],
  [
    { subnet: "x", perNodeBlockSize: 0, gateway: "y", exclusions: [{ startIP: "z", endIP: "10.0.0.1" }] },
    [
      `spec.subnet: "x" ${network}`,
      "spec.perNodeBlockSize: 0 must be at least 1",
      'spec.gateway: "y" is not an IP address',
      'spec.exclusions[0].startIP: "z" is not an IP address',
    ],
  ],
];

for (const [spec, says] of invalid) {
  test(`invalid: ${JSON.stringify(spec)}`, (t) => {
    t.same(problemsOf(manifest("IPPool", spec)), says);
    t.end();
  });
}

for (const [name, fits] of [
  ["my.pool-1_A", true],
  ["0", true],
  ["", false],
  ["-pool", false],
  [".pool", false],
  ["a/b", false],
  ["a,b", false],
  ["pöol", false],
] as const) {
  test(`the name "${name}" ${fits ? "fits" : "does not fit"}`, (t) => {
    const problems = problemsOf(manifest("IPPool", four, name));
    if (fits) t.same(problems, []);
    else t.match(problems, [/^metadata\.name: "/]);
    t.end();
  });
}

test("structure and meaning are reported together, each field once", (t) => {
  t.same(problemsOf(manifest("IPPool", { subnet: "x", perNodeBlockSize: "10", gatway: "y" })), [
    "spec.perNodeBlockSize: must be a number: write 10 without quotes",
    'spec.gatway: unknown field, did you mean "gateway"?',
    `spec.subnet: "x" ${network}`,
  ]);
  t.end();
});

test("the pool in the core's shape", (t) => {
  const pool = ipPool({
    ...four,
    gateway: "::ffff:10.0.0.1",
    perNodeExclusions: [{ startIndex: 1, endIndex: 2 }],
  });
  t.same(pool, {
    type: "ippool",
    name: "p",
    namespace: "",
    subnet: { family: 4, base: 0x0a000000n, prefixLength: 24 },
    perNodeBlockSize: 10n,
    gateway: { family: 4, value: 0x0a000001n },
    exclusions: [],
    perNodeExclusions: [{ startIndex: 1n, endIndex: 2n }],
    defaultGateway: false,
    routes: [],
  });
  t.end();
});
