// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callInProcess, errorOf, type InProcessCall, parametersOf } from "./in-process.ts";

const COMMANDS = ["ADD", "DEL", "CHECK", "STATUS", "GC"] as const;
const ABOUT_A_CONTAINER = ["ADD", "DEL", "CHECK"] as const;
const WITHOUT_GC = ["ADD", "DEL", "CHECK", "STATUS"] as const;
const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

type Mistake = InProcessCall & { readonly msg: string; readonly commands?: readonly string[] };

const args = (cni: object) => ({ conf: { args: { cni } } });
const cniArgs = (text: string) => ({ env: { CNI_ARGS: text }, commands: ABOUT_A_CONTAINER });
const POD = "K8S_POD_NAME=p;K8S_POD_NAMESPACE=n";

const mistakes: readonly Mistake[] = [
  { conf: { ipam: null }, msg: "IPAM config missing 'ipam' key" },
  {
    conf: { runtimeConfig: { ips: ["x"] } },
    msg: "static IP request contains invalid IP address",
    commands: WITHOUT_GC,
  },
  {
    conf: { runtimeConfig: { ips: ["10.0.0.01"] } },
    msg: "static IP request contains invalid IP address",
    commands: WITHOUT_GC,
  },
  {
    conf: { runtimeConfig: { ips: [null] } },
    msg: "static IP request contains invalid IP address",
    commands: WITHOUT_GC,
  },
  {
    ...args({ ips: ["1.1.1.1", ""] }),
    msg: "static IP request contains invalid IP address",
    commands: WITHOUT_GC,
  },
  { ipam: { forcePoolName: true }, msg: "no pool provided", commands: ABOUT_A_CONTAINER },
  {
    ipam: { poolName: "a,b,c" },
    msg: "pool field can't contain more then two entries",
    commands: WITHOUT_GC,
  },
  {
    ...args({ poolNames: ["a", "b", "c"] }),
    msg: "pool field can't contain more then two entries",
    commands: WITHOUT_GC,
  },
  { ipam: { poolName: "a," }, msg: "pool field has invalid format", commands: WITHOUT_GC },
  { ipam: { poolName: "," }, msg: "pool field has invalid format", commands: WITHOUT_GC },
  { ...args({ poolNames: ["a", ""] }), msg: "pool field has invalid format", commands: WITHOUT_GC },
  {
    ipam: { poolType: "nopool" },
    msg: "unsupported poolType nopool, supported values: ippool, cidrpool",
    commands: WITHOUT_GC,
  },
  {
    ...args({ poolType: "NoPool" }),
    msg: "unsupported poolType nopool, supported values: ippool, cidrpool",
    commands: WITHOUT_GC,
  },
  {
    ...args({ allocateIPWithIndex: -1 }),
    msg: "allocateIPWithIndex can't be negative",
    commands: WITHOUT_GC,
  },
  {
    ...args({ allocateDefaultGateway: true, ips: ["1.1.1.1"] }),
    msg: "allocateDefaultGateway can't be used together with static IP request",
    commands: WITHOUT_GC,
  },
  {
    ...args({ allocateDefaultGateway: true, allocateIPWithIndex: 0 }),
    msg: "allocateDefaultGateway can't be used together allocateIPWithIndex",
    commands: WITHOUT_GC,
  },
  {
    ...args({ allocateIPWithIndex: 0, ips: ["1.1.1.1"] }),
    msg: "allocateIPWithIndex can't be used together with static IP request",
    commands: WITHOUT_GC,
  },
  { ...cniArgs(`${POD};IP=x`), msg: "CNI_ARGS: IP argument contains invalid IP address" },
  { ...cniArgs(`${POD};FOO=bar`), msg: 'ARGS: unknown args ["FOO=bar"]' },
  { ...cniArgs(`IgnoreUnknown=0;${POD};A=b;ip=x`), msg: 'ARGS: unknown args ["A=b" "ip=x"]' },
  { ...cniArgs(`${POD};É="\u00a0\x7f\x01\n`), msg: 'ARGS: unknown args ["É=\\"\\u00a0\\x7f\\x01\\n"]' },
  { ...cniArgs("K8S_POD_NAME"), msg: 'ARGS: invalid pair "K8S_POD_NAME"' },
  { ...cniArgs(`${POD};`), msg: 'ARGS: invalid pair ""' },
  { ...cniArgs(`${POD};A=b=c`), msg: 'ARGS: invalid pair "A=b=c"' },
  {
    ...cniArgs(`IgnoreUnknown=yes;${POD}`),
    msg: 'ARGS: error parsing value of pair "IgnoreUnknown=yes": boolean unmarshal error: invalid input yes',
  },
  { ...cniArgs("K8S_POD_NAMESPACE=n"), msg: "CNI_ARGS: K8S_POD_NAME is not provided by container runtime" },
  { ...cniArgs("K8S_POD_NAME=n"), msg: "CNI_ARGS: K8S_POD_NAMESPACE is not provided by container runtime" },
  { ipam: { daemonCallTimeoutSeconds: -1 }, msg: "daemonCallTimeoutSeconds can't be negative" },
  {
    ipam: { daemonSocket: "tcp://daemon.example:1" },
    msg: 'unsupported daemonSocket "tcp://daemon.example:1", supported values: unix:///PATH, tcp://ADDRESS:PORT and tcp://localhost:PORT',
  },
];

for (const { msg, commands = COMMANDS, ...call } of mistakes) {
  test(`says in every command: ${msg}`, (t) => {
    for (const command of commands) {
      const prefix =
        command === "ADD" ? "command preparation failed: failed to load config. " : "failed to load config. ";
      const outcome = callInProcess({ ...call, command });
      t.same(errorOf(outcome), { code: 999, msg: prefix + msg }, command);
      t.equal(outcome.requests.length, 0, "the daemon is not asked");
    }
    t.end();
  });
}

test("says it in every version", (t) => {
  for (const cniVersion of VERSIONS) {
    const outcome = callInProcess({ conf: { cniVersion }, ipam: { poolName: "a," } });
    const msg = "command preparation failed: failed to load config. pool field has invalid format";
    t.same(JSON.parse(outcome.stdout), { cniVersion, code: 999, msg });
  }
  t.end();
});

const wrongTypes: readonly (readonly [conf: object, text: string])[] = [
  [{ ipam: 5 }, "number into Go struct field NetConf.ipam of type struct"],
  [{ ipam: { type: 5 } }, "number into Go struct field NetConf.ipam.type of type string"],
  [{ ipam: { poolName: ["a"] } }, "array into Go struct field NetConf.ipam.poolName of type string"],
  [
    { ipam: { daemonCallTimeoutSeconds: "5" } },
    "string into Go struct field NetConf.ipam.daemonCallTimeoutSeconds of type int",
  ],
  [
    { ipam: { daemonCallTimeoutSeconds: 1.5 } },
    "number 1.5 into Go struct field NetConf.ipam.daemonCallTimeoutSeconds of type int",
  ],
  [
    { ipam: { daemonCallTimeoutSeconds: 1e30 } },
    "number 1e+30 into Go struct field NetConf.ipam.daemonCallTimeoutSeconds of type int",
  ],
  [
    { ipam: { forcePoolName: "true" } },
    "string into Go struct field NetConf.ipam.forcePoolName of type bool",
  ],
  [{ ipam: {}, deviceID: 1 }, "number into Go struct field NetConf.deviceID of type string"],
  [
    { ipam: {}, args: { cni: { poolNames: "a" } } },
    "string into Go struct field NetConf.args.cni.poolNames of type []string",
  ],
  [
    { ipam: {}, args: { cni: { ips: [1] } } },
    "number into Go struct field NetConf.args.cni.ips of type string",
  ],
  [
    { ipam: {}, args: { cni: { allocateIPWithIndex: 2 ** 31 } } },
    "number 2147483648 into Go struct field NetConf.args.cni.allocateIPWithIndex of type int32",
  ],
  [{ ipam: {}, args: [] }, "array into Go struct field NetConf.args of type struct"],
  [
    { ipam: {}, runtimeConfig: { ips: {} } },
    "object into Go struct field NetConf.runtimeConfig.ips of type []string",
  ],
];

test("values of a wrong type", (t) => {
  for (const [conf, text] of wrongTypes) {
    const { code, msg } = errorOf(callInProcess({ command: "DEL", conf: conf as Record<string, unknown> }));
    t.same(
      [code, msg],
      [999, `failed to load config. failed to unmarshal configurations. json: cannot unmarshal ${text}`],
    );
  }
  t.end();
});

test("static addresses of the configuration are looked at before CNI_ARGS, those before features and pools", (t) => {
  const all = {
    runtimeConfig: { ips: ["x"] },
    args: { cni: { allocateIPWithIndex: -1, poolNames: [""], poolType: "x" } },
  };
  const say = (conf: Record<string, unknown>, text: string) =>
    errorOf(callInProcess({ command: "DEL", conf, env: { CNI_ARGS: text } })).msg.replace(
      "failed to load config. ",
      "",
    );
  t.match(say(all, "A=b"), /^static IP/);
  t.match(say({ ...all, runtimeConfig: {} }, "A=b"), /^ARGS: unknown/);
  t.match(say({ ...all, runtimeConfig: {} }, POD), /^allocateIPWithIndex/);
  t.match(say({ args: { cni: { poolNames: [""], poolType: "x" } } }, POD), /^pool field/);
  t.match(say({ args: { cni: { poolType: "x" } } }, POD), /^unsupported poolType/);
  t.end();
});

test("outside Kubernetes the pod's fields are empty and the daemon decides", (t) => {
  for (const text of ["", "IgnoreUnknown=1;FOO=bar"]) {
    const outcome = callInProcess({ env: { CNI_ARGS: text } });
    t.equal(outcome.exitCode, 0, outcome.stdout);
    const { metadata } = parametersOf(outcome);
    t.same(metadata, {
      k8sPodName: "",
      k8sPodNamespace: "",
      k8sPodUid: "",
      deviceId: "",
      networkName: "net",
    });
  }
  t.end();
});
