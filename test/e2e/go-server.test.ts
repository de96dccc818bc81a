// SPDX-License-Identifier: Apache-2.0
// Our plugin with a daemon that speaks through grpc-go, as a node's daemon of the Go implementation does.
import { test } from "tap";
import { callPlugin, errorOf } from "../support/cni.ts";
import { type GoAnswer, ipamMethod, startGoServer } from "../support/go-wire.ts";
import { skipUnless } from "../support/layers.ts";
import { goErrors } from "./go-errors.ts";

const skip = skipUnless("go");
const networks = ["unix", "tcp"] as const;

/** Calls the plugin about the pool "p" of this daemon. */
function caller(daemonSocket: string) {
  return (command: string, ipam: Record<string, unknown> = {}, conf: Record<string, unknown> = {}) => {
    const aboutNobody = command === "STATUS" || command === "GC";
    return callPlugin({
      command,
      container: aboutNobody ? "" : "container-1",
      ifName: aboutNobody ? "" : "net1",
      conf: {
        ipam: { type: "nv-ipam", poolName: "p", daemonSocket, logFile: "/dev/null", ...ipam },
        ...conf,
      },
      args: "IgnoreUnknown=1;K8S_POD_NAME=pod-ä;K8S_POD_NAMESPACE=default;K8S_POD_UID=uid-1",
    });
  };
}

const parameters = {
  pools: ["p"],
  cni_containerid: "container-1",
  cni_ifname: "net1",
  metadata: {
    k8s_pod_name: "pod-ä",
    k8s_pod_namespace: "default",
    k8s_pod_uid: "uid-1",
    network_name: "net",
  },
  pool_type: "POOL_TYPE_IPPOOL",
};

for (const network of networks) {
  test(`${network}: what the Go server reads, and what becomes of its answers`, { skip }, async (t) => {
    const server = await startGoServer(t, network);
    const call = caller(server.address);
    server.answer({
      Allocate: {
        response: {
          allocations: [
            {
              pool: "p",
              ip: "10.0.0.7/24",
              gateway: "10.0.0.1",
              pool_type: 1,
              routes: [{ dest: "10.9.0.0/16" }],
            },
            { pool: "q", ip: "fd00::7/64", pool_type: 1 },
          ],
        },
        trailers: { "x-served-by": "go ".repeat(30) },
        unknownField: 1000,
      },
    });
    const added = await call("ADD", { poolName: "p,q" }, { deviceID: "0000:01:00.1" });
    t.same([added.status, added.stderr], [0, ""]);
    t.strictSame(JSON.parse(added.stdout), {
      cniVersion: "1.1.0",
      ips: [{ address: "10.0.0.7/24", gateway: "10.0.0.1" }, { address: "fd00::7/64" }],
      routes: [{ dst: "10.9.0.0/16", gw: "10.0.0.1" }],
    });
    t.same(await call("CHECK"), { status: 0, stdout: "", stderr: "" });
    t.same(await call("DEL", { poolType: "cidrpool" }), { status: 0, stdout: "", stderr: "" });
    t.strictSame(
      server.requests.map(({ method, request }) => ({ method, request })),
      [
        {
          method: ipamMethod("Allocate"),
          request: {
            parameters: {
              ...parameters,
              pools: ["p", "q"],
              metadata: { ...parameters.metadata, device_id: "0000:01:00.1" },
              features: {},
            },
          },
        },
        { method: ipamMethod("IsAllocated"), request: { parameters: { ...parameters, features: {} } } },
        {
          method: ipamMethod("Deallocate"),
          request: { parameters: { ...parameters, pool_type: "POOL_TYPE_CIDRPOOL", features: {} } },
        },
      ],
    );
    for (const { timeoutMs } of server.requests)
      t.ok(timeoutMs! > 3000 && timeoutMs! <= 5000, "the deadline");
  });

  test(`${network}: every error that the Go daemon has`, { skip }, async (t) => {
    const server = await startGoServer(t, network);
    const call = caller(server.address);
    for (const [name, code, cniCode, message] of goErrors) {
      const failure: GoAnswer = { code, message };
      server.answer({ Allocate: failure, IsAllocated: failure, Deallocate: failure });
      for (const command of ["ADD", "CHECK", "DEL"]) {
        const { status, stdout, stderr } = await call(command);
        const msg = `grpc call failed: rpc error: code = ${name} desc = ${message}`;
        t.same([status, stderr], [1, ""], `${command} ${name}`);
        t.strictSame(
          JSON.parse(stdout),
          { cniVersion: "1.1.0", code: cniCode, msg },
          `${command} ${message}`,
        );
      }
    }
  });
}

test("features and static addresses arrive", { skip }, async (t) => {
  const server = await startGoServer(t, "unix");
  server.answer({ Allocate: { response: { allocations: [{ pool: "p", ip: "10.0.0.7/24" }] } } });
  const call = caller(server.address);
  const cases: [cni: Record<string, unknown>, arrived: Record<string, unknown>][] = [
    [{ allocateDefaultGateway: true }, { features: { allocate_default_gateway: true } }],
    [{ allocateIPWithIndex: 0 }, { features: { allocate_ip_with_index: 0 } }],
    [{ allocateIPWithIndex: 300 }, { features: { allocate_ip_with_index: 300 } }],
    [{ ips: ["10.0.0.9/24"] }, { requested_ips: ["10.0.0.9"], features: {} }],
  ];
  for (const [cni] of cases) t.equal((await call("ADD", {}, { args: { cni } })).status, 0);
  t.strictSame(
    server.requests.map(({ request }) => request),
    cases.map(([, arrived]) => ({ parameters: { ...parameters, ...arrived } })),
  );
});

test("an answer of many frames", { skip }, async (t) => {
  const server = await startGoServer(t, "unix");
  const routes = Array.from({ length: 9000 }, (_, i) => ({ dest: `10.${i >> 8}.${i & 255}.0/24` }));
  const allocations = [{ pool: "p", ip: "10.200.0.7/16", gateway: "10.200.0.1", routes }];
  server.answer({ Allocate: { response: { allocations } } });
  const { status, stdout } = await caller(server.address)("ADD");
  t.equal(status, 0);
  const result = JSON.parse(stdout) as { readonly routes: readonly unknown[] };
  t.strictSame(
    result.routes,
    routes.map(({ dest }) => ({ dst: dest, gw: "10.200.0.1" })),
  );
});

test("a daemon that does not answer in time", { skip }, async (t) => {
  const server = await startGoServer(t, "unix");
  server.answer({ Allocate: { delayMs: 20_000 } });
  const began = performance.now();
  const { code, msg } = errorOf(await caller(server.address)("ADD", { daemonCallTimeoutSeconds: 1 }));
  t.equal(code, 11);
  t.match(msg, /^grpc call failed: rpc error: code = DeadlineExceeded desc = /);
  t.ok(performance.now() - began < 5000, "not longer than the deadline");
});

test("STATUS and GC with a daemon that knows neither", { skip }, async (t) => {
  const server = await startGoServer(t, "unix");
  const call = caller(server.address);
  const notFound = 'reservation for pool "p", poolType "ippool" not found';
  const alive: [string, GoAnswer][] = [
    ["NotFound", { code: 5, message: notFound }],
    ["OK", {}],
    ["Unimplemented", { code: 12, message: "no" }],
    ["InvalidArgument", { code: 3, message: "parameters is required field" }],
  ];
  for (const [name, answer] of alive) {
    server.answer({ IsAllocated: answer });
    t.same(await call("STATUS"), { status: 0, stdout: "", stderr: "" }, `${name} shows life`);
  }
  server.answer({ IsAllocated: { code: 14, message: "stopping" } });
  const down = errorOf(await call("STATUS"));
  t.equal(down.code, 50);
  t.match(down.msg, /stopping/);
  t.ok(server.requests.every(({ method }) => method === ipamMethod("IsAllocated")));

  const before = server.requests.length;
  const garbage = errorOf(await call("GC", {}, { "cni.dev/valid-attachments": [] }));
  t.equal(garbage.code, 112);
  t.equal(
    garbage.msg,
    "grpc call failed: rpc error: code = Unimplemented desc = unknown method CollectGarbage for service " +
      "nvidia.ipam.node.v1.IPAMService; this IPAM daemon does not support CNI GC",
  );
  t.same(await call("GC"), { status: 0, stdout: "", stderr: "" }, "without a list there is nothing to ask");
  t.equal(server.requests.length, before, "nothing is released another way");
});
