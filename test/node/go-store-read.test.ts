// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { fnv1a32 } from "../../lib/node/go-store-checksum.ts";
import { parseGoStore } from "../../lib/node/go-store-read.ts";
import { formatForChecksum, formatGoStore } from "../../lib/node/go-store-write.ts";
import { goStoreBytes, resealed } from "./go-store-fixture.ts";
import { address } from "./store-fixture.ts";

const written = goStoreBytes("written");

test("what Go has written is read whole: written again it is the same bytes", (t) => {
  for (const name of ["written", "odd"] as const) {
    const bytes = goStoreBytes(name);
    const { store, released } = parseGoStore(bytes);
    t.ok(formatGoStore(store).equals(bytes), name);
    t.equal(released, 0);
  }
  t.end();
});

test("pools and reservations of the file", (t) => {
  const { pools } = parseGoStore(written).store;
  const find = (type: string, name: string) =>
    pools.find(({ ref }) => ref.type === type && ref.name === name);
  t.equal(pools.length, 16);
  t.match(find("cidrpool", "c31"), {
    lastReservedIp: address("10.4.0.3"),
    lastPoolConfig: /^\{"subnet":"10\.4\.0\.2\/31"/,
  });
  t.match(find("cidrpool", "c31")?.reservations[0], {
    containerId: "p1",
    interfaceName: "net1",
    address: address("10.4.0.2"),
    createTime: "2026-11-21T02:37:16.515123511Z",
    podUid: "",
    podName: "p",
    podNamespace: "default",
    deviceId: "",
    poolConfigSnapshot: /^\{"subnet":"10\.4\.0\.2\/31",.*"defaultGateway":false\}$/,
  });
  t.same(find("ippool", "unknown"), {
    ref: { type: "ippool", name: "unknown" },
    reservations: [],
    lastPoolConfig: "",
  });
  t.match(find("ippool", "v6"), { lastReservedIp: address("fd52:2eb5:44::1f8") });
  t.end();
});

test("no bytes are an empty store, and so are no pools", (t) => {
  t.same(parseGoStore(Buffer.alloc(0)), { store: { pools: [] }, released: 0 });
  for (const pools of ["{}", "null"])
    t.same(parseGoStore(Buffer.from(resealed(() => `{"version":1,"checksum":1,"pools":${pools}}`))).store, {
      pools: [],
    });
  t.end();
});

test("one flipped bit anywhere is noticed", (t) => {
  const missed: number[] = [];
  // Every byte of the first reservations and of the end, and of the rest some.
  for (let at = 0; at < written.length; at += at < 1500 || at > written.length - 600 ? 1 : 97) {
    for (const bit of [0x01, 0x20]) {
      const flipped = Buffer.from(written);
      flipped[at]! ^= bit;
      try {
        parseGoStore(flipped);
        missed.push(at);
      } catch (error) {
        if (
          !/^(is damaged|has (version|a version|no checksum|a checksum)|cannot be relied on: ("|it ))/.test(
            (error as Error).message,
          )
        )
          throw error;
      }
    }
  }
  t.same(missed, []);
  t.end();
});

test("a file that was cut off anywhere is noticed", (t) => {
  for (let length = 1; length < written.length; length += length < 300 ? 1 : 61)
    t.throws(() => parseGoStore(written.subarray(0, length)), {
      message: /^is damaged: it (ends too early|is no JSON|has)/,
    });
  t.end();
});

const first = '"ip_address":"10.4.0.2"';
const sets: [what: string, text: string, message: RegExp][] = [
  ["checksum 0", written.toString().replace(/"checksum":\d+/, '"checksum":0'), /^has no checksum/],
  [
    "another checksum",
    written.toString().replace(/"checksum":\d+/, '"checksum":7'),
    /^is damaged: its checksum says 7 and its content 3304920817/,
  ],
  [
    "a checksum too large",
    written.toString().replace(/"checksum":\d+/, '"checksum":4294967296'),
    /^has a checksum of more than 32 bits/,
  ],
  [
    "a checksum as text",
    written.toString().replace(/"checksum":\d+/, '"checksum":"3304920817"'),
    /^has a checksum that is no whole number/,
  ],
  [
    "version 2",
    resealed((text) => text.replace('"version":1', '"version":2')),
    /^has version 2, only 1 is known/,
  ],
  ["no version", resealed((text) => text.replace('"version":1,', "")), /"version" is missing/],
  ["no pools", resealed(() => '{"version":1,"checksum":0}'), /"pools" is missing/],
  [
    "pools as a list",
    resealed(() => '{"version":1,"checksum":0,"pools":[]}'),
    /is no JSON of a store: "\[" at character/,
  ],
  ["garbage", "{garbage}", /^is damaged: it is no JSON of a store: "g" at character 2$/],
  ["text behind it", `${written}{}`, /^is damaged: it is no JSON of a store: "\{" at character/],
  [
    "a broken text",
    '{"version":1,"checksum":1,"pools":{"\\x":{}}}',
    /has a text that is no JSON at character 36/,
  ],
  ["deep nesting", `${'{"a":'.repeat(100_000)}`, /nests too deeply/],
  ["bad UTF-8", "\x80", /^is damaged: it is no UTF-8 text$/],
  [
    "an address that is none",
    resealed((text) => text.replace(first, '"ip_address":"10.4.0.256"')),
    /^cannot be relied on: pool "cidrpool\/c31", entry "p1_net1": ip_address "10\.4\.0\.256" is no IP address$/,
  ],
  [
    "no address",
    resealed((text) => text.replace(first, '"ip_address":""')),
    /ip_address "" is no IP address/,
  ],
  [
    "an address twice",
    resealed((text) => text.replace(first, '"ip_address":"10.4.0.3"')),
    /^cannot be relied on: pool "cidrpool\/c31" gives 10\.4\.0\.3 to two entries, "p1_net1" and "p2_net1"$/,
  ],
  [
    "an address twice, spelled otherwise",
    resealed((text) => text.replace('"ip_address":"fd52:2eb5:44::77"', '"ip_address":"FD52:2EB5:44:0::1f6"')),
    /gives fd52:2eb5:44::1f6 to two entries/,
  ],
  [
    "a round-robin position that is none",
    resealed((text) => text.replace('"last_reserved_ip":"10.4.0.3"', '"last_reserved_ip":"next"')),
    /pool "cidrpool\/c31": last_reserved_ip "next" is no IP address/,
  ],
  [
    "an entry twice",
    resealed((text) => text.replaceAll("p2_net1", "p1_net1")),
    /has "p1_net1" twice in one object/,
  ],
  [
    "an entry under another key",
    resealed((text) => text.replace('"p1_net1":', '"p9_net1":')),
    /entry "p9_net1" is of container "p1", interface "net1"/,
  ],
  [
    "a pool under another name",
    resealed((text) => text.replace('"name":"cidrpool/c31"', '"name":"c31"')),
    /pool "cidrpool\/c31" is called "c31" inside/,
  ],
  [
    "a pool without a name",
    resealed((text) => text.replaceAll('"cidrpool/c31"', '"cidrpool/"')),
    /pool "cidrpool\/" names no pool/,
  ],
  [
    "a field that is missing",
    resealed((text) => text.replace('"pod_uuid":"",', "")),
    /"pod_uuid" of pool "cidrpool\/c31", entry "p1_net1" is missing/,
  ],
  [
    "a field that is no text",
    resealed((text) => text.replace('"pod_uuid":""', '"pod_uuid":null')),
    /"pod_uuid" of pool .* is no text/,
  ],
  [
    "a field of a later layout",
    resealed((text) => text.replace('"pod_uuid":"",', '"pod_uuid":"","vlan":7,')),
    /"vlan" of pool "cidrpool\/c31", entry "p1_net1" is not known/,
  ],
  [
    "entries that are none",
    resealed((text) => text.replace('"entries":{}', '"entries":"none"')),
    /"entries" of pool .* is no object/,
  ],
];
for (const [what, text, message] of sets) {
  test(`refused: ${what}`, (t) => {
    t.throws(() => parseGoStore(Buffer.from(text, text === "\x80" ? "latin1" : "utf8")), { message });
    t.end();
  });
}

test("what Go would not have written so, but means the same, is taken with a right checksum", (t) => {
  const { store } = parseGoStore(written);
  const changes: ((text: string) => string)[] = [
    (text) => JSON.stringify(JSON.parse(text), null, 2).replace('"checksum": ', '"checksum":'),
    (text) => text.replaceAll('"entries":{}', '"entries":null').replace(',"last_reserved_ip":""}', "}"),
    (text) => text.replace("fd52:2eb5:44::77", "FD52:2eb5:44:0:0::77"),
    (text) => text.replaceAll('"pod_name":"p"', '"pod_name":"\\u0070"'),
  ];
  for (const change of changes) {
    const text = resealed(change);
    t.not(text, written.toString());
    t.same(parseGoStore(Buffer.from(text)).store, store);
  }
  t.end();
});

test("a reservation that its owner has released is left out, and does not count in the checksum", (t) => {
  const { store } = parseGoStore(written);
  const released = '"defaultGateway\\":false}"},"released_at":"2026-11-21T02:40:00Z"}';
  const text = written.toString().replace('"defaultGateway\\":false}"}}', released);
  const reading = parseGoStore(Buffer.from(text));
  t.equal(reading.released, 1);
  const [pool, ...others] = store.pools;
  t.same(reading.store.pools, [{ ...pool, reservations: pool!.reservations.slice(1) }, ...others]);
  t.throws(() => parseGoStore(Buffer.from(text.replace("10.4.0.2", "10.4.0.9"))), {
    message: /^is damaged: its checksum/,
  });
  t.equal(fnv1a32(formatForChecksum(store)), 3304920817);
  t.end();
});
