// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callInProcess, errorOf, type InProcessCall, POD_ARGS, parametersOf } from "./in-process.ts";

test("the whole request", (t) => {
  const conf = {
    deviceID: "0000:3b:00.2",
    runtimeConfig: { ips: ["10.0.0.5/16", "FD00::A"] },
    args: { cni: { ips: ["10.0.0.9"], poolNames: ["x", "y"], poolType: "CIDRPool" } },
  };
  const outcome = callInProcess({ conf, ipam: { poolName: "ignored" } });
  t.equal(outcome.requests[0]!.rpc, "Allocate");
  t.same(parametersOf(outcome), {
    pools: ["x", "y"],
    cniContainerid: "container-1",
    cniIfname: "net1",
    metadata: {
      k8sPodName: "pod",
      k8sPodNamespace: "ns",
      k8sPodUid: "uid",
      deviceId: "0000:3b:00.2",
      networkName: "net",
    },
    poolType: 2,
    requestedIps: ["10.0.0.5", "fd00::a"],
    features: { allocateDefaultGateway: false, allocateIpWithIndex: undefined },
  });
  t.end();
});

test("each command has its RPC", (t) => {
  const rpcs = { ADD: "Allocate", DEL: "Deallocate", CHECK: "IsAllocated", STATUS: "CheckPools" };
  for (const [command, rpc] of Object.entries(rpcs)) {
    const { requests, exitCode, stdout } = callInProcess({ command });
    t.same([exitCode, requests.map((request) => request.rpc)], [0, [rpc]]);
    t.equal(stdout === "", command !== "ADD", "only ADD prints");
  }
  t.end();
});

type Row = InProcessCall & { readonly name: string; readonly expect: object };

const rows: readonly Row[] = [
  { name: "the network's name is the pool's", expect: { pools: ["net"], poolType: 1, requestedIps: [] } },
  { name: "two pools", ipam: { poolName: "a,b" }, expect: { pools: ["a", "b"] } },
  { name: "names are not trimmed", ipam: { poolName: "a, b" }, expect: { pools: ["a", " b"] } },
  {
    name: "keys in any case",
    conf: { IPAM: { POOLNAME: "a", pooltype: "CIDRPOOL", LogFile: "/dev/null" } },
    expect: { pools: ["a"], poolType: 2 },
  },
  { name: "the last key wins", ipam: { poolName: "a", POOLNAME: "b" }, expect: { pools: ["b"] } },
  { name: "null leaves a value", ipam: { poolName: "a", POOLNAME: null }, expect: { pools: ["a"] } },
  {
    name: "null empties a list",
    conf: { args: { cni: { ips: ["1.2.3.4"], IPS: null } } },
    expect: { requestedIps: [] },
  },
  {
    name: "null empties an object",
    conf: { args: { cni: { poolNames: ["a"] }, CNI: null } },
    expect: { pools: ["net"] },
  },
  {
    name: "objects under keys of another case are merged",
    conf: {
      args: { cni: { ips: ["1.2.3.4"] }, CNI: { poolNames: ["a"] } },
      ARGS: { cni: { poolNames: ["b"] } },
    },
    expect: { pools: ["b"], requestedIps: ["1.2.3.4"] },
  },
  {
    name: "what is of no concern has any type",
    conf: { type: 5, prevResult: "x", dns: 1 },
    expect: { pools: ["net"] },
  },
  {
    name: "the lists of GC are of no concern",
    conf: { "cni.dev/valid-attachments": 5, "cni.dev/attachments": [{}] },
    expect: { pools: ["net"] },
  },
  { name: "args without cni", conf: { args: {} }, expect: { pools: ["net"] } },
  { name: "args is null", conf: { args: null, runtimeConfig: null }, expect: { pools: ["net"] } },
  { name: "args.cni is null", conf: { args: { cni: null } }, expect: { pools: ["net"] } },
  {
    name: "all in args.cni is null",
    conf: { args: { cni: { ips: null, poolNames: null, poolType: null } } },
    expect: { pools: ["net"] },
  },
  {
    name: "args.cni.ips",
    conf: { args: { cni: { ips: ["1.2.3.4"] } } },
    expect: { requestedIps: ["1.2.3.4"] },
  },
  {
    name: "an empty list is none",
    conf: { runtimeConfig: { ips: [] }, args: { cni: { ips: ["1.2.3.4"] } } },
    expect: { requestedIps: ["1.2.3.4"] },
  },
  {
    name: "IP in CNI_ARGS",
    env: { CNI_ARGS: `${POD_ARGS};IP=1.2.3.4/24` },
    expect: { requestedIps: ["1.2.3.4"] },
  },
  {
    name: "the configuration before CNI_ARGS",
    env: { CNI_ARGS: `${POD_ARGS};IP=x` },
    conf: { runtimeConfig: { ips: ["1.2.3.4"] } },
    expect: { requestedIps: ["1.2.3.4"] },
  },
  {
    name: "index 0",
    conf: { args: { cni: { allocateIPWithIndex: 0 } } },
    expect: { features: { allocateDefaultGateway: false, allocateIpWithIndex: 0 } },
  },
  {
    name: "gateway",
    conf: { args: { cni: { allocateDefaultGateway: true } } },
    expect: { features: { allocateDefaultGateway: true, allocateIpWithIndex: undefined } },
  },
  {
    name: "an IPv4-mapped address",
    conf: { runtimeConfig: { ips: ["::ffff:1.2.3.4"] } },
    expect: { requestedIps: ["1.2.3.4"] },
  },
  { name: "a lone surrogate", ipam: { poolName: "a\ud800" }, expect: { pools: ["a\ufffd"] } },
  { name: "IgnoreUnknown in words", env: { CNI_ARGS: "IgnoreUnknown=TRUE;X=y" }, expect: { pools: ["net"] } },
];

for (const { name, expect, ...call } of rows) {
  test(`asks for: ${name}`, (t) => {
    const outcome = callInProcess(call);
    t.equal(outcome.exitCode, 0, outcome.stdout);
    t.match(parametersOf(outcome), expect);
    t.end();
  });
}

test("values come from stdin, else the file, else the default", (t) => {
  const file = JSON.stringify({
    POOLNAME: "file",
    poolType: "cidrpool",
    confDir: "/not/looked/at",
    forcePoolName: true,
  });
  t.match(parametersOf(callInProcess({ file })), { pools: ["file"], poolType: 2 });
  t.match(parametersOf(callInProcess({ file, ipam: { poolName: "own", poolType: "ippool" } })), {
    pools: ["own"],
    poolType: 1,
  });
  const forced = JSON.stringify({ forcePoolName: true });
  t.match(errorOf(callInProcess({ file: forced })).msg, /no pool provided$/);
  t.match(parametersOf(callInProcess({ file: forced, ipam: { forcePoolName: false } })), { pools: ["net"] });
  t.match(parametersOf(callInProcess({ file: "null" })), { pools: ["net"] });
  t.end();
});

test("a broken file fails the call and is named", (t) => {
  for (const file of ["{", "[]", '{"poolName":1}', `{}${" ".repeat(1 << 20)}`]) {
    const outcome = callInProcess({ file, command: "DEL" });
    const start = `failed to load config. failed to read/parse config file(${outcome.directory}/nv-ipam.conf). `;
    t.equal(errorOf(outcome).msg.slice(0, start.length), start);
    t.ok(errorOf(outcome).msg.length > start.length);
  }
  t.match(
    errorOf(callInProcess({ file: '{"poolName":1}' })).msg,
    /number into Go struct field IPAMConf\.poolName /,
  );
  t.match(
    errorOf(callInProcess({ ipam: { confDir: "/dev/null" } })).msg,
    /file\(\/dev\/null\/nv-ipam\.conf\)\. ./,
  );
  t.equal(callInProcess({ ipam: { confDir: "/not/there/" } }).exitCode, 0);
  t.end();
});

test("the deadline follows daemonCallTimeoutSeconds", (t) => {
  const leftOf = (ipam: object) => {
    const { requests } = callInProcess({ ipam: ipam as Record<string, unknown> });
    return Math.round((requests[0]!.deadlineMs - performance.now()) / 1000);
  };
  t.equal(leftOf({}), 5);
  t.equal(leftOf({ daemonCallTimeoutSeconds: 0 }), 5);
  t.equal(leftOf({ daemonCallTimeoutSeconds: 30 }), 30);
  t.equal(leftOf({ daemonCallTimeoutSeconds: 9e18 }), 100_000);
  t.end();
});
