// SPDX-License-Identifier: Apache-2.0
import { Address4, Address6 } from "ip-address";
import { test } from "tap";
import { formatAddress, parseAddress } from "../../lib/ip/address.ts";
import {
  formatCidr,
  formatSubnet,
  networkOf,
  parseCidr,
  parseSubnet,
  sameSubnet,
  subnetContains,
  subnetRange,
  subnetSize,
  usableRange,
} from "../../lib/ip/subnet.ts";
import goNet from "./fixtures/go-net.json" with { type: "json" };

test("networks are read and written as Go's net package does", (t) => {
  for (const [text, expected] of goNet.cidrs) {
    const cidr = parseCidr(String(text));
    const said = cidr && [formatAddress(cidr.address), formatSubnet(networkOf(cidr))];
    t.same(said ?? null, expected, JSON.stringify(text));
  }
  t.end();
});

const usable: [subnet: string, first: string, last: string][] = [
  ["10.0.0.0/24", "10.0.0.1", "10.0.0.254"],
  ["10.0.0.0/30", "10.0.0.1", "10.0.0.2"],
  ["10.0.0.2/31", "10.0.0.2", "10.0.0.3"],
  ["10.0.0.9/32", "10.0.0.9", "10.0.0.9"],
  ["0.0.0.0/0", "0.0.0.1", "255.255.255.254"],
  ["fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff"],
  ["fd00::100/120", "fd00::101", "fd00::1ff"],
  ["fd00::/126", "fd00::1", "fd00::3"],
  ["fd00::2/127", "fd00::2", "fd00::3"],
  ["fd00::9/128", "fd00::9", "fd00::9"],
];

for (const [text, first, last] of usable) {
  test(`hosts of ${text}`, (t) => {
    const range = usableRange(parseSubnet(text)!);
    t.equal(formatAddress({ family: range.family, value: range.first }), first);
    t.equal(formatAddress({ family: range.family, value: range.last }), last);
    t.end();
  });
}

test("bounds of every prefix length agree with another implementation", (t) => {
  for (const [bits, base] of [
    [32, "172.31.219.77"],
    [128, "2001:db8:a5a5:ffff:1234::8001"],
  ] as const) {
    for (let length = 0; length <= bits; length++) {
      const text = `${base}/${length}`;
      const subnet = parseSubnet(text)!;
      const other = bits === 32 ? new Address4(text) : new Address6(text);
      const { first, last } = subnetRange(subnet);
      if (first !== other.startAddress().bigInt() || last !== other.endAddress().bigInt()) t.fail(text);
      if (subnetSize(subnet) !== last - first + 1n) t.fail(`size of ${text}`);
      if (!subnetContains(subnet, parseAddress(base)!)) t.fail(`${base} in ${text}`);
      if (length > 0 && subnetContains(subnet, { family: subnet.family, value: last + 1n }))
        t.fail(`after ${text}`);
    }
  }
  t.pass();
  t.end();
});

test("families are kept apart", (t) => {
  t.notOk(subnetContains(parseSubnet("::/0")!, parseAddress("10.0.0.1")!));
  t.notOk(sameSubnet(parseSubnet("::/0")!, parseSubnet("0.0.0.0/0")!));
  t.ok(sameSubnet(parseSubnet("10.0.0.7/24")!, parseSubnet("10.0.0.0/24")!));
  t.notOk(sameSubnet(parseSubnet("10.0.0.0/25")!, parseSubnet("10.0.0.0/24")!));
  t.equal(formatCidr(parseCidr("10.0.0.7/24")!), "10.0.0.7/24");
  t.end();
});
