// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { isLocal, parseBindAddress, parseHttpAddress } from "../../lib/node/bind-address.ts";

test("addresses to bind", (t) => {
  t.same(parseBindAddress("unix:///run/a b.sock"), { kind: "unix", path: "/run/a b.sock" });
  t.same(parseBindAddress("tcp://127.0.0.1:5000"), { kind: "tcp", host: "127.0.0.1", port: 5000 });
  t.same(parseBindAddress("tcp://[::1]:0"), { kind: "tcp", host: "::1", port: 0 });
  t.same(parseBindAddress("tcp://:80"), { kind: "tcp", host: "", port: 80 });
  t.same(parseHttpAddress(":8081"), { host: "", port: 8081 });
  t.equal(parseHttpAddress("0"), undefined);
  t.equal(parseHttpAddress(""), undefined);
  t.end();
});

test("the longest socket path of the system, in bytes", (t) => {
  const path = `/${"a".repeat(106)}`;
  t.same(parseBindAddress(`unix://${path}`), { kind: "unix", path });
  t.throws(() => parseBindAddress(`unix://${path}a`), /108 bytes, the system allows 107/);
  t.throws(() => parseBindAddress(`unix:///${"ä".repeat(54)}`), /109 bytes/);
  t.end();
});

const local: [string, boolean][] = [
  ["unix:///run/a.sock", true],
  ["tcp://127.0.0.1:1", true],
  ["tcp://127.9.8.7:1", true],
  ["tcp://localhost:1", true],
  ["tcp://[::1]:1", true],
  ["tcp://[0:0:0:0:0:0:0:1]:1", true],
  ["tcp://:1", false],
  ["tcp://0.0.0.0:1", false],
  ["tcp://[::]:1", false],
  ["tcp://10.0.0.1:1", false],
  ["tcp://[fd00::1]:1", false],
  ["tcp://127.example.org:1", false],
];

for (const [address, expected] of local) {
  test(`${address} is ${expected ? "" : "not "}local`, (t) => {
    t.equal(isLocal(parseBindAddress(address)), expected);
    t.end();
  });
}
