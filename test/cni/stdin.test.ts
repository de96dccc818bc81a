// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callInProcess, errorOf } from "./in-process.ts";

const MIB = 1 << 20;
const undecodable = /^error unmarshall network config: ./;

const broken: readonly (readonly [name: string, stdin: string | Uint8Array])[] = [
  ["nothing", ""],
  ["a brace", "{"],
  ["an array", "[]"],
  ["a text", '"x"'],
  ["a number", "1"],
  ["two documents", "{} {}"],
  ["a name that is a number", '{"name":5}'],
  ["a name that is a number under another key", '{"name":5,"NAME":"net"}'],
  ["a name that is an object", '{"name":{}}'],
  ["more than 1 MiB", `{"name":"net"}${" ".repeat(MIB)}`],
  ["a byte order mark", "\ufeff{}"],
];

for (const [name, stdin] of broken) {
  test(`stdin is not a configuration: ${name}`, (t) => {
    const { code, msg } = errorOf(callInProcess({ stdin }));
    t.equal(code, 6);
    t.match(msg, undecodable);
    t.end();
  });
}

test("exactly 1 MiB is read", (t) => {
  const conf = '{"name":"net"}';
  const { msg } = errorOf(callInProcess({ stdin: conf + " ".repeat(MIB - conf.length) }));
  t.match(msg, /IPAM config missing 'ipam' key$/);
  t.end();
});

test("the network needs a name", (t) => {
  for (const stdin of ["null", "{}", '{"name":""}', '{"name":null}'])
    t.same(errorOf(callInProcess({ stdin })), { code: 7, msg: "missing network name" }, stdin);
  for (const name of ["a b", "a/b", "-a", ".a", "ä", "a\n"])
    t.same(errorOf(callInProcess({ conf: { name } })), {
      code: 7,
      msg: "invalid characters found in network name",
      details: name,
    });
  t.end();
});

test("bytes that are not UTF-8 do not stop a call", (t) => {
  const conf = Buffer.concat([Buffer.from('{"name":"n'), Buffer.from([0xff]), Buffer.from('"}')]);
  t.same(errorOf(callInProcess({ stdin: conf })).details, "n\ufffd");
  t.end();
});

const SUPPORTED = '["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"]';

test("versions that the plugin does not speak", (t) => {
  for (const cniVersion of ["9.9.9", "0.3.2", "1.1", "x", " 1.0.0"]) {
    for (const command of ["ADD", "DEL", "CHECK", "STATUS", "GC"]) {
      const outcome = callInProcess({ command, conf: { cniVersion } });
      const details = `config is ${JSON.stringify(cniVersion)}, plugin supports ${SUPPORTED}`;
      t.same(errorOf(outcome), { code: 1, msg: "incompatible CNI versions", details });
      t.equal(JSON.parse(outcome.stdout).cniVersion, cniVersion);
    }
  }
  t.equal(errorOf(callInProcess({ conf: { cniVersion: 1 } })).code, 6);
  t.end();
});

test("commands exist from a version on", (t) => {
  const versions = ["", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
  const since = { ADD: 0, DEL: 0, CHECK: 5, STATUS: 7, GC: 7 };
  for (const [command, first] of Object.entries(since)) {
    for (const [i, cniVersion] of versions.entries()) {
      const outcome = callInProcess({ command, conf: { cniVersion } });
      if (i >= first) t.equal(outcome.exitCode, 0, `${command} in ${cniVersion}`);
      else t.same(errorOf(outcome), { code: 1, msg: `config version does not allow ${command}` });
    }
  }
  t.end();
});

test("an error carries the caller's version, the newest where none is known", (t) => {
  const versionOf = (stdin: string) => JSON.parse(callInProcess({ stdin }).stdout).cniVersion;
  t.equal(versionOf('{"name":"","cniVersion":"0.3.1"}'), "0.3.1");
  t.equal(versionOf('{"name":"net"}'), "0.1.0");
  t.equal(versionOf('{"name":"net","cniVersion":7}'), "1.1.0");
  t.equal(versionOf("{"), "1.1.0");
  t.end();
});
