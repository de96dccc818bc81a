// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callInProcess, errorOf, type InProcessCall } from "./in-process.ts";

const NONE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "", CNI_PATH: "", CNI_ARGS: "" };
const missing = (names: string) => ({ code: 4, msg: `required env variables [${names}] missing` });
const tooLong = {
  code: 4,
  msg: "interface name is too long",
  details: "interface name should be less than 16 characters",
};
const badCharacters = { code: 4, msg: "interface name contains / or : or whitespace characters" };

const failures: readonly (InProcessCall & { readonly name: string; readonly error: object })[] = [
  { name: "ADD needs all", env: NONE, error: missing("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH") },
  {
    name: "CHECK needs all",
    command: "CHECK",
    env: NONE,
    error: missing("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"),
  },
  {
    name: "DEL needs no netns",
    command: "DEL",
    env: NONE,
    error: missing("CNI_CONTAINERID,CNI_IFNAME,CNI_PATH"),
  },
  { name: "STATUS needs a path", command: "STATUS", env: NONE, error: missing("CNI_PATH") },
  { name: "GC needs a path", command: "GC", env: NONE, error: missing("CNI_PATH") },
  { name: "one is missing", env: { CNI_NETNS: "" }, error: missing("CNI_NETNS") },
  {
    name: "container ID",
    env: { CNI_CONTAINERID: "a b" },
    error: { code: 4, msg: "invalid characters in containerID", details: "a b" },
  },
  {
    name: "container ID begins with a dot",
    env: { CNI_CONTAINERID: ".a" },
    error: { code: 4, msg: "invalid characters in containerID", details: ".a" },
  },
  {
    name: "container ID ends in a line break",
    env: { CNI_CONTAINERID: "a\n" },
    error: { code: 4, msg: "invalid characters in containerID", details: "a\n" },
  },
  {
    name: "bad ID before missing ones",
    env: { ...NONE, CNI_CONTAINERID: "/" },
    error: { code: 4, msg: "invalid characters in containerID", details: "/" },
  },
  { name: "16 characters", env: { CNI_IFNAME: "a234567890123456" }, error: tooLong },
  { name: "8 characters of two bytes", env: { CNI_IFNAME: "éééééééé" }, error: tooLong },
  { name: "dot", env: { CNI_IFNAME: "." }, error: { code: 4, msg: "interface name is . or .." } },
  { name: "dots", env: { CNI_IFNAME: ".." }, error: { code: 4, msg: "interface name is . or .." } },
  { name: "slash", env: { CNI_IFNAME: "a/b" }, error: badCharacters },
  { name: "colon", env: { CNI_IFNAME: "a:b" }, error: badCharacters },
  { name: "tab", env: { CNI_IFNAME: "a\tb" }, error: badCharacters },
  { name: "environment before stdin", env: { CNI_PATH: "" }, stdin: "{", error: missing("CNI_PATH") },
  { name: "unknown command", command: "FOO", error: { code: 4, msg: "unknown CNI_COMMAND: FOO" } },
  {
    name: "a command that objects inherit",
    command: "constructor",
    error: { code: 4, msg: "unknown CNI_COMMAND: constructor" },
  },
  {
    name: "unknown command after the name",
    command: "FOO",
    env: NONE,
    stdin: "{}",
    error: { code: 7, msg: "missing network name" },
  },
];

for (const { name, error, ...call } of failures) {
  test(`fails: ${name}`, (t) => {
    const outcome = callInProcess(call);
    t.same(errorOf(outcome), error);
    t.equal(outcome.requests.length, 0, "the daemon is not asked");
    t.end();
  });
}

test("STATUS and GC do not look at what names a container", (t) => {
  for (const command of ["STATUS", "GC"]) {
    const outcome = callInProcess({
      command,
      env: { CNI_CONTAINERID: "a b", CNI_IFNAME: "..", CNI_ARGS: "x" },
    });
    t.equal(outcome.exitCode, 0, `${command}: ${outcome.stdout}`);
  }
  t.end();
});

test("without a command the plugin introduces itself", (t) => {
  const { exitCode, stdout, stderr } = callInProcess({ command: "" });
  t.same([exitCode, stdout], [0, ""]);
  t.equal(
    stderr,
    "nv-ipam CNI plugin 0.0.0-test\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n",
  );
  t.end();
});

test("VERSION needs nothing", (t) => {
  const { exitCode, stdout, stderr } = callInProcess({ command: "VERSION", env: NONE, stdin: "{" });
  t.same([exitCode, stderr], [0, ""]);
  const supportedVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
  t.same(JSON.parse(stdout), { cniVersion: "1.1.0", supportedVersions });
  t.end();
});

const OWN_NETNS = "/proc/self/ns/net";

test("an ADD into the plugin's own network namespace takes no address", (t) => {
  const outcome = callInProcess({ env: { CNI_NETNS: OWN_NETNS } });
  t.same(errorOf(outcome), {
    code: 8,
    msg: "plugin's netns and netns from CNI_NETNS should not be the same",
  });
  t.equal(outcome.requests.length, 0);
  for (const override of ["1", "true", "TRUE", "True"]) {
    const allowed = callInProcess({ env: { CNI_NETNS: OWN_NETNS, CNI_NETNS_OVERRIDE: override } });
    t.equal(allowed.exitCode, 0, `CNI_NETNS_OVERRIDE=${override}`);
  }
  t.equal(callInProcess({ env: { CNI_NETNS: OWN_NETNS, CNI_NETNS_OVERRIDE: "0" } }).exitCode, 1);
  t.end();
});

test("DEL and CHECK may come from that namespace", (t) => {
  t.equal(callInProcess({ command: "DEL", env: { CNI_NETNS: OWN_NETNS } }).exitCode, 0);
  t.equal(callInProcess({ command: "CHECK", env: { CNI_NETNS: OWN_NETNS } }).exitCode, 0);
  t.end();
});
