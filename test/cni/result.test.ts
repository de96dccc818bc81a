// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import type { AllocationInfo } from "../../lib/rpc/messages.ts";
import { allocation, answerWith, callInProcess, errorOf } from "./in-process.ts";

const V4 = allocation({
  ip: "192.168.0.11/16",
  gateway: "192.168.0.1",
  routes: [{ dest: "0.0.0.0/0" }, { dest: "10.1.2.3/8" }],
});
const V6 = allocation({ ip: "FD00:0::B/64", gateway: "fd00::1", routes: [{ dest: "::/0" }] });
const BARE_V4 = allocation({ ip: "10.0.0.1/32", routes: [{ dest: "10.0.0.0/8" }] });
const BARE_V6 = allocation({ ip: "fd00::1/128" });

const ROUTES_4 = [
  { dst: "0.0.0.0/0", gw: "192.168.0.1" },
  { dst: "10.0.0.0/8", gw: "192.168.0.1" },
];
const ROUTES_6 = [{ dst: "::/0", gw: "fd00::1" }];
const IP4 = { address: "192.168.0.11/16", gateway: "192.168.0.1" };
const IP6 = { address: "fd00::b/64", gateway: "fd00::1" };

type Case = {
  readonly name: string;
  readonly allocations: readonly AllocationInfo[];
  /** The bodies in 0.1.0 and 0.2.0, in 0.3.0 to 0.4.0, from 1.0.0 on. */
  readonly old: object;
  readonly middle: object;
  readonly current: object;
};

const cases: readonly Case[] = [
  {
    name: "IPv4",
    allocations: [V4],
    old: { ip4: { ip: IP4.address, gateway: IP4.gateway, routes: ROUTES_4 }, dns: {} },
    middle: { ips: [{ version: "4", ...IP4 }], routes: ROUTES_4, dns: {} },
    current: { ips: [IP4], routes: ROUTES_4 },
  },
  {
    name: "IPv6",
    allocations: [V6],
    old: { ip6: { ip: IP6.address, gateway: IP6.gateway, routes: ROUTES_6 }, dns: {} },
    middle: { ips: [{ version: "6", ...IP6 }], routes: ROUTES_6, dns: {} },
    current: { ips: [IP6], routes: ROUTES_6 },
  },
  {
    name: "both",
    allocations: [V6, V4],
    old: {
      ip4: { ip: IP4.address, gateway: IP4.gateway, routes: ROUTES_4 },
      ip6: { ip: IP6.address, gateway: IP6.gateway, routes: ROUTES_6 },
      dns: {},
    },
    middle: {
      ips: [
        { version: "6", ...IP6 },
        { version: "4", ...IP4 },
      ],
      routes: [...ROUTES_6, ...ROUTES_4],
      dns: {},
    },
    current: { ips: [IP6, IP4], routes: [...ROUTES_6, ...ROUTES_4] },
  },
  {
    name: "IPv4 without gateway has no routes",
    allocations: [BARE_V4],
    old: { ip4: { ip: "10.0.0.1/32" }, dns: {} },
    middle: { ips: [{ version: "4", address: "10.0.0.1/32" }], dns: {} },
    current: { ips: [{ address: "10.0.0.1/32" }] },
  },
  {
    name: "IPv6 without gateway",
    allocations: [BARE_V6],
    old: { ip6: { ip: "fd00::1/128" }, dns: {} },
    middle: { ips: [{ version: "6", address: "fd00::1/128" }], dns: {} },
    current: { ips: [{ address: "fd00::1/128" }] },
  },
  {
    name: "two of a family: the oldest versions know the first",
    allocations: [V4, BARE_V4],
    old: { ip4: { ip: IP4.address, gateway: IP4.gateway, routes: ROUTES_4 }, dns: {} },
    middle: {
      ips: [
        { version: "4", ...IP4 },
        { version: "4", address: "10.0.0.1/32" },
      ],
      routes: ROUTES_4,
      dns: {},
    },
    current: { ips: [IP4, { address: "10.0.0.1/32" }], routes: ROUTES_4 },
  },
];

const forms = {
  "": "old",
  "0.1.0": "old",
  "0.2.0": "old",
  "0.3.0": "middle",
  "0.3.1": "middle",
  "0.4.0": "middle",
  "1.0.0": "current",
  "1.1.0": "current",
} as const;

for (const each of cases) {
  for (const [cniVersion, form] of Object.entries(forms)) {
    test(`result in version "${cniVersion}": ${each.name}`, (t) => {
      const { exitCode, stdout } = callInProcess({
        conf: { cniVersion },
        answer: answerWith(...each.allocations),
      });
      t.equal(exitCode, 0, stdout);
      t.same(JSON.parse(stdout), { cniVersion: cniVersion || "0.1.0", ...each[form] });
      t.end();
    });
  }
}

const nonsense: readonly (readonly [allocation: Partial<AllocationInfo>, why: string])[] = [
  [{ ip: "" }, "IP can't be empty"],
  [{ ip: "10.0.0.1" }, "unexpected IP address format, received value: 10.0.0.1"],
  [{ ip: "10.0.0.1/33" }, "unexpected IP address format, received value: 10.0.0.1/33"],
  [{ ip: "10.0.0.1/8", gateway: "x" }, "unexpected Gateway address format, received value: x"],
  [
    { ip: "10.0.0.1/8", gateway: "10.0.0.2", routes: [{ dest: "10.0.0.0" }] },
    "unexpected Route destination format, received value: 10.0.0.0, error: invalid CIDR address: 10.0.0.0",
  ],
];

test("an answer that makes no sense, in every version", (t) => {
  for (const cniVersion of Object.keys(forms)) {
    for (const [fields, why] of nonsense) {
      const outcome = callInProcess({ conf: { cniVersion }, answer: answerWith(V4, allocation(fields)) });
      t.same(errorOf(outcome), { code: 999, msg: `unexpected response from IPAM daemon: ${why}` });
      t.match(outcome.log, `[error] unexpected response from IPAM daemon: ${why}\n`);
    }
  }
  const empty = callInProcess({ answer: answerWith() });
  t.match(errorOf(empty).msg, /^unexpected response from IPAM daemon: ./);
  const garbage = callInProcess({ answer: () => Uint8Array.of(0x0a, 0x7f) });
  t.match(errorOf(garbage).msg, /^unexpected response from IPAM daemon: protobuf/);
  t.end();
});
