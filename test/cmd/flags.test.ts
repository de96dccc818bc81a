// SPDX-License-Identifier: Apache-2.0
// Every flag: its default, both ways to give it, and what it refuses.
import type { Command } from "commander";
import { test } from "tap";
import { normalizeArguments } from "../../cmd/arguments.ts";
import { addControllerFlags, addNodeFlags, ignoredFlagsGiven } from "../../cmd/flags.ts";
import { createProgram } from "../../cmd/program.ts";

function parse(add: (program: Command) => void, args: readonly string[]) {
  const said: string[] = [];
  const program = createProgram("it", "").configureOutput({ writeErr: (text) => said.push(text) });
  add(program);
  program.action(() => undefined);
  try {
    program.parse(normalizeArguments(program, args), { from: "user" });
    return { program, values: program.opts<Record<string, unknown>>(), said };
  } catch {
    return { program, values: undefined, said };
  }
}

type Case = { flag: string; standard: unknown; given: string; value?: unknown; bad?: string[] };

const socket = "unix:///var/lib/cni/nv-ipam/daemon.sock";
const addresses = [
  "",
  "x",
  "unix://relative",
  "unix:",
  "tcp://1.2.3.4",
  "tcp://1.2.3.4:70000",
  `unix:///${"a".repeat(107)}`,
];
const endpoints = ["x", "8080", "1.2.3.4", ":70000", "::1:80", "a b:1"];
const booleans = ["maybe", "", "yes", "tRUE"];

const common: Case[] = [
  { flag: "v", standard: 0, given: "4", value: 4, bad: ["-1", "x", "1.5", ""] },
  { flag: "logging-format", standard: "text", given: "json", bad: ["xml", ""] },
  { flag: "version", standard: false, given: "true", value: true, bad: booleans },
  { flag: "ippools-namespace", standard: "kube-system", given: "pools", bad: [""] },
  { flag: "kubeconfig", standard: undefined, given: "/etc/kube" },
  {
    flag: "metrics-bind-address",
    standard: { host: "", port: 8080 },
    given: "0",
    value: "off",
    bad: endpoints,
  },
  {
    flag: "health-probe-bind-address",
    standard: { host: "", port: 8081 },
    given: "[::1]:99",
    value: { host: "::1", port: 99 },
    bad: endpoints,
  },
];

const node: Case[] = [
  ...common,
  { flag: "store-synchronous", standard: "full", given: "NORMAL", value: "normal", bad: ["off", ""] },
  {
    flag: "node-name",
    standard: undefined,
    given: "node-a.example.org",
    bad: ["Bad Name", "Node", "a_b", "-a", "a-", "a..b", "a.-b", "é", "a\n", "n".repeat(254)],
  },
  { flag: "pools-dir", standard: undefined, given: "/pools", bad: [""] },
  { flag: "cleaner-interval", standard: 60, given: "5", value: 5, bad: ["0", "-1", "1m", "1000000"] },
  { flag: "bind-address", standard: socket, given: "tcp://127.0.0.1:5000", bad: addresses },
  { flag: "store-file", standard: "/var/lib/cni/nv-ipam/store", given: "/s", bad: [""] },
  { flag: "cni-bin-dir", standard: "/opt/cni/bin", given: "/b", bad: [""] },
  { flag: "cni-nv-ipam-bin-file", standard: "/nv-ipam", given: "/x", bad: [""] },
  { flag: "cni-skip-nv-ipam-binary-copy", standard: false, given: "true", value: true, bad: booleans },
  { flag: "cni-skip-nv-ipam-config-creation", standard: false, given: "T", value: true, bad: booleans },
  { flag: "cni-conf-dir", standard: "/etc/cni/net.d/nv-ipam.d", given: "/c", bad: [""] },
  { flag: "cni-daemon-socket", standard: socket, given: "unix:///x.sock", bad: addresses },
  { flag: "cni-daemon-call-timeout", standard: 5, given: "30", value: 30, bad: ["soon", "", "1.5", "5s"] },
  { flag: "cni-log-file", standard: "/var/log/nv-ipam-cni.log", given: "/l", bad: [""] },
  { flag: "cni-log-level", standard: "info", given: "Debug", bad: ["loud", ""] },
  { flag: "cni-force-pool-name", standard: false, given: "1", value: true, bad: booleans },
];

const controller: Case[] = [
  ...common,
  { flag: "leader-elect", standard: false, given: "true", value: true, bad: booleans },
  { flag: "leader-elect-namespace", standard: "kube-system", given: "ns", bad: [""] },
  { flag: "webhook", standard: false, given: "true", value: true, bad: booleans },
  {
    flag: "block-reuse-delay",
    standard: 0,
    given: "1h30m",
    value: 5_400_000,
    bad: ["", "10", "-1m", "soon"],
  },
];

const executables: [string, (program: Command) => void, Case[]][] = [
  ["ipam-node", addNodeFlags, node],
  ["ipam-controller", addControllerFlags, controller],
];

for (const [name, add, cases] of executables) {
  for (const { flag, standard, given, value = given, bad = [] } of cases) {
    test(`${name} --${flag}`, (t) => {
      const attribute = flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      t.same(parse(add, []).values?.[attribute], standard, "default");
      const spellings = [[`--${flag}=${given}`], [`--${flag.replaceAll("-", "_")}=${given}`]];
      if (typeof standard !== "boolean") spellings.push([`--${flag}`, given]);
      for (const args of spellings) t.same(parse(add, args).values?.[attribute], value, args.join(" "));
      for (const wrong of bad) {
        const { values, said } = parse(add, [`--${flag}=${wrong}`]);
        t.equal(values, undefined, `refuses "${wrong}"`);
        t.match(
          said.join(""),
          new RegExp(`^error: [^\\n]*--${flag}[^\\n]*\\n$`),
          "in one line that names it",
        );
      }
      t.end();
    });
  }

  test(`${name}: the list above is all there is`, (t) => {
    const { program } = parse(add, []);
    const tuning = program.options.filter(({ description }) => description === "accepted, has no effect");
    const flags = program.options.filter((option) => !tuning.includes(option)).map(({ long }) => long);
    t.same(flags.sort(), cases.map(({ flag }) => `--${flag}`).sort());
    t.equal(tuning.length, 7);
    t.end();
  });
}

test("a boolean flag may stand alone and does not take what follows", (t) => {
  const { program, values } = parse(addNodeFlags, [
    "--cni-force-pool-name",
    "--cni_skip_nv_ipam_binary_copy=false",
    "rest",
  ]);
  t.equal(values?.cniForcePoolName, true);
  t.equal(values?.cniSkipNvIpamBinaryCopy, false);
  t.same(program.args, ["rest"]);
  t.end();
});

test("a boolean flag takes the words true and false that follow it", (t) => {
  const args = ["--cni-force-pool-name", "false", "--cni_skip_nv_ipam_binary_copy", "true", "true"];
  const { program, values } = parse(addNodeFlags, args);
  t.equal(values?.cniForcePoolName, false);
  t.equal(values?.cniSkipNvIpamBinaryCopy, true);
  t.same(program.args, ["true"], "once");
  t.same(parse(addNodeFlags, ["--node-name", "true", "--version=false", "true"]).program.args, ["true"]);
  t.end();
});

test("-v in all its forms; the last of several counts", (t) => {
  for (const args of [["-v", "3"], ["-v=3"], ["-v3"], ["--v", "3"], ["--v=3"], ["-v=1", "--v=3"]]) {
    t.equal(parse(addNodeFlags, args).values?.v, 3, args.join(" "));
  }
  t.end();
});

test("a value may look like a flag", (t) => {
  t.equal(parse(addNodeFlags, ["--kubeconfig", "--my_file"]).values?.kubeconfig, "--my_file");
  t.equal(parse(addNodeFlags, ["--store-file", "--", "--node-name=n"]).values?.storeFile, "--");
  t.end();
});

test("an unknown flag is named as written, with what was meant", (t) => {
  t.match(
    parse(addNodeFlags, ["--bind-adress=x"]).said.join(""),
    /'--bind-adress' \(did you mean --bind-address\?\)/,
  );
  t.match(parse(addNodeFlags, ["--no_such_thing"]).said.join(""), /'--no_such_thing' \(see it --help\)/);
  t.match(parse(addNodeFlags, ["-x"]).said.join(""), /'-x'/);
  t.end();
});

test("flags of a Go logger are accepted", (t) => {
  const args = [
    "--log-flush-frequency=5s",
    "--log-json-info-buffer-size",
    "0",
    "--log-json-split-stream",
    "--log_text_info_buffer_size=0",
    "--log-text-split-stream=false",
    "--vmodule=a=1",
    "--feature-gates=A=true",
  ];
  const { program, values } = parse(addNodeFlags, args);
  t.ok(values);
  t.equal(ignoredFlagsGiven(program).length, 7);
  t.same(ignoredFlagsGiven(parse(addNodeFlags, ["--vmodule=x"]).program), ["--vmodule"]);
  t.end();
});
