// SPDX-License-Identifier: Apache-2.0
import { Address4, Address6 } from "ip-address";
import { test } from "tap";
import {
  type Address,
  addressFromBytes,
  addressToBytes,
  compareAddresses,
  formatAddress,
  parseAddress,
  sameAddress,
} from "../../lib/ip/address.ts";
import goNet from "./fixtures/go-net.json" with { type: "json" };

const ALL_ONES = (1n << 128n) - 1n;

/** Addresses with long runs of zeros and ones, where writing them goes wrong if anywhere. */
function* someAddresses(): Generator<Address> {
  for (let seed = 1; seed <= 400; seed++) {
    const noise = BigInt(seed) * 0x9e3779b97f4a7c15f39cc0605cedc835n;
    const groups = BigInt(seed * 2654435761) % 256n;
    let mask = 0n;
    for (let i = 0n; i < 8n; i++) if ((groups >> i) & 1n) mask |= 0xffffn << (16n * i);
    yield { family: 6, value: noise & mask & ALL_ONES };
    yield { family: 4, value: noise & 0xffffffffn };
  }
}

test("texts are read and written as Go's net package does", (t) => {
  for (const [text, expected] of goNet.addresses) {
    const address = parseAddress(String(text));
    t.equal(address === undefined ? null : formatAddress(address), expected, JSON.stringify(text));
  }
  t.end();
});

test("numbers and texts agree with another implementation", (t) => {
  for (const address of someAddresses()) {
    const text = formatAddress(address);
    const other = address.family === 4 ? new Address4(text) : new Address6(text);
    if (other.bigInt() !== address.value) t.fail(`${text} is ${address.value}`);
    // ::ffff:0:0/96 is where Go goes its own way.
    if (address.value >> 32n !== 0xffffn && other.correctForm() !== text)
      t.fail(`${text}: ${other.correctForm()}`);
    if (!sameAddress(parseAddress(text)!, address)) t.fail(`${text} is not read back`);
  }
  t.pass();
  t.end();
});

test("bytes order as numbers do and come back", (t) => {
  const sorted = [...someAddresses()].filter(({ family }) => family === 6).sort(compareAddresses);
  for (const [i, address] of sorted.entries()) {
    const bytes = addressToBytes(address);
    if (!sameAddress(addressFromBytes(bytes), address)) t.fail(formatAddress(address));
    const before = sorted[i - 1];
    if (before && Buffer.compare(addressToBytes(before), bytes) > 0)
      t.fail(`${formatAddress(address)} sorts wrong`);
  }
  t.same([...addressToBytes(parseAddress("10.0.1.2")!)], [10, 0, 1, 2]);
  t.throws(() => addressFromBytes(new Uint8Array(5)), RangeError);
  t.end();
});

test("IPv4 comes before IPv6", (t) => {
  const [four, six] = [parseAddress("255.255.255.255")!, parseAddress("::")!];
  t.ok(compareAddresses(four, six) < 0);
  t.ok(compareAddresses(six, four) > 0);
  t.notOk(sameAddress(parseAddress("0.0.0.1")!, parseAddress("::1")!));
  t.end();
});
