// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Test, test } from "tap";
import { formatAddress, parseAddress } from "../../lib/ip/address.ts";
import { parseSubnet } from "../../lib/ip/subnet.ts";
import type { Desk } from "../../lib/node/call.ts";
import { createService } from "../../lib/node/service.ts";
import { startStoreThread } from "../../lib/node/store-thread.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import type { IPAMParameters, ListReservationsRequest } from "../../lib/rpc/messages.ts";
import { serving, share, workerUrl } from "./store-fixture.ts";

const context = { aborted: false, signal: new AbortController().signal };
const pod = {
  k8sPodName: "web",
  k8sPodNamespace: "shop",
  k8sPodUid: "u-1",
  deviceId: "0000:01:00.1",
  networkName: "net",
};
const noPod = { k8sPodName: "", k8sPodNamespace: "", k8sPodUid: "", deviceId: "", networkName: "" };

const routed = {
  ...share("p", "192.168.0.0/16", "192.168.0.1-192.168.0.100", { gateway: "192.168.0.1" }),
  exclusions: [
    {
      family: 4 as const,
      first: parseAddress("192.168.0.1")!.value,
      last: parseAddress("192.168.0.10")!.value,
    },
  ],
  routes: [parseSubnet("10.0.0.0/8")!],
  defaultGateway: true,
};
const cidr = share("c", "fd00:5::/64", "fd00:5::1-fd00:5::ff", { type: "cidrpool" });

const parameters = (more: Partial<IPAMParameters> = {}): IPAMParameters => ({
  pools: ["p"],
  cniContainerid: "id",
  cniIfname: "net1",
  metadata: pod,
  poolType: 0,
  requestedIps: [],
  features: undefined,
  ...more,
});

async function setUp(t: Test, requirePod = true) {
  const desk = await startStoreThread({ storeFile: join(t.testdir(), "store"), workerUrl });
  t.teardown(() => desk.stop());
  await desk.call("setShares", serving(routed, cidr));
  return { desk, service: createService({ desk, nodeName: "node-a", requirePod }) };
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "succeeded",
    (error: unknown) =>
      error instanceof RpcError ? `${error.code}: ${error.message}` : `no RpcError: ${error}`,
  );

/** The store is not asked for what is wrong already. */
const unasked: Desk = { call: () => Promise.reject(new Error("the store was asked")) };

test("what is wrong with a request is said in the order in which other implementations say it", async (t) => {
  const service = createService({ desk: unasked, nodeName: "n", requirePod: true });
  // Each row mends what the row before complained about.
  const rows: [Partial<IPAMParameters> | undefined, string][] = [
    [undefined, "parameters is required field"],
    [{}, "parameters.pools is invalid"],
    [{ pools: ["a", "b", "c"] }, "parameters.pools is invalid"],
    [{ pools: ["", ""] }, "parameters.pools[0] is invalid"],
    [{ pools: ["a", ""] }, "parameters.pools[1] is invalid"],
    [{ pools: ["a", "b"] }, "parameters.cni_containerid is required field"],
    [{ cniContainerid: "id" }, "parameters.cni_ifname is required field"],
    [{ cniIfname: "net1" }, "parameters.metadata is required field"],
    [{ metadata: noPod }, "parameters.metadata.k8s_pod_name is required field"],
    [{ metadata: { ...noPod, k8sPodName: "x" } }, "parameters.metadata.k8s_pod_namespace is required field"],
    [{ metadata: pod }, "parameters.requested_ips[1] is invalid"],
    [
      { requestedIps: ["1.2.3.4"] },
      "parameters.features.allocate_default_gateway can't be used together with static IPs",
    ],
    [{ requestedIps: [] }, "parameters.pool_type 7 is unknown: use 1 (IPPool) or 2 (CIDRPool)"],
  ];
  let wrong: IPAMParameters = {
    pools: [],
    cniContainerid: "",
    cniIfname: "",
    metadata: undefined,
    poolType: 7,
    requestedIps: ["1.2.3.4", "1.2.3.400"],
    features: { allocateDefaultGateway: true, allocateIpWithIndex: 0 },
  };
  for (const [mended, message] of rows) {
    wrong = { ...wrong, ...mended };
    const request = { parameters: mended && wrong };
    for (const rpc of ["allocate", "isAllocated", "deallocate"] as const) {
      t.equal(await failure(service[rpc](request, context)), `3: ${message}`, rpc);
    }
  }
});

test("without Kubernetes both pod fields may be left out, one alone not", async (t) => {
  const { service } = await setUp(t, false);
  const ask = (metadata: typeof pod | undefined) =>
    failure(service.allocate({ parameters: parameters({ metadata }) }, context));
  t.equal(
    await ask({ ...noPod, k8sPodNamespace: "x" }),
    "3: parameters.metadata.k8s_pod_name is required field",
  );
  t.equal(
    await ask({ ...noPod, k8sPodName: "x" }),
    "3: parameters.metadata.k8s_pod_namespace is required field",
  );
  t.equal(await ask(undefined), "3: parameters.metadata is required field");
  t.equal(await ask(noPod), "succeeded");
});

test("answers carry prefix length, gateway and routes; the gateway's own address carries neither", async (t) => {
  const { service } = await setUp(t);
  const allocate = async (more: Partial<IPAMParameters>) =>
    (await service.allocate({ parameters: parameters(more) }, context)).allocations;
  t.same(await allocate({}), [
    {
      pool: "p",
      ip: "192.168.0.11/16",
      gateway: "192.168.0.1",
      poolType: 1,
      routes: [{ dest: "0.0.0.0/0" }, { dest: "10.0.0.0/8" }],
    },
  ]);
  const features = { allocateDefaultGateway: true, allocateIpWithIndex: undefined };
  t.same(await allocate({ features, cniContainerid: "router", poolType: 1 }), [
    { pool: "p", ip: "192.168.0.1/16", gateway: "", poolType: 1, routes: [] },
  ]);
  const index = { allocateDefaultGateway: false, allocateIpWithIndex: 0 };
  t.same(await allocate({ pools: ["c"], poolType: 2, features: index }), [
    { pool: "c", ip: "fd00:5::1/64", gateway: "", poolType: 2, routes: [] },
  ]);
  t.equal(
    await failure(allocate({ pools: ["c"], cniContainerid: "x" })),
    '5: configuration for pool "c", poolType "ippool" not found',
    "a CIDRPool is no IPPool",
  );
  t.same(await service.isAllocated({ parameters: parameters() }, context), {});
  t.same(await service.deallocate({ parameters: parameters() }, context), {});
  t.match(
    await failure(service.isAllocated({ parameters: parameters() }, context)),
    /^5: reservation for pool "p"/,
  );
});

test("a caller that has gone is told so", async (t) => {
  const { service } = await setUp(t);
  const signal = AbortSignal.abort();
  t.equal(
    await failure(service.allocate({ parameters: parameters() }, { aborted: true, signal })),
    "1: request has been canceled",
  );
});

test("the calls of debug commands", async (t) => {
  const { service } = await setUp(t);
  await service.allocate({ parameters: parameters() }, context);
  const { pools, nodeName } = await service.listPools({}, context);
  t.equal(nodeName, "node-a");
  t.match(pools, [
    { pool: "c", poolType: 2, size: "255", used: "0", free: "255", nextIp: "fd00:5::1" },
    {
      pool: "p",
      poolType: 1,
      hasShare: true,
      subnet: "192.168.0.0/16",
      startIp: "192.168.0.1",
      endIp: "192.168.0.100",
      gateway: "192.168.0.1",
      size: "100",
      used: "1",
      free: "89",
      excluded: "10",
      nextIp: "192.168.0.12",
      staleReason: "",
      exclusions: [{ startIp: "192.168.0.1", endIp: "192.168.0.10" }],
      routes: ["0.0.0.0/0", "10.0.0.0/8"],
    },
  ]);
  const everything: ListReservationsRequest = {
    pageSize: 0,
    pageToken: "",
    pool: "",
    cniContainerid: "",
    k8sPodName: "",
    k8sPodNamespace: "",
    poolType: 0,
    address: "",
    networkName: "",
  };
  const list = (more: Partial<ListReservationsRequest>) =>
    service.listReservations({ ...everything, ...more }, context);
  const { reservations } = await list({ pool: "p", k8sPodName: "web", address: "192.168.0.11" });
  t.match(reservations, [
    { pool: "p", poolType: 1, address: "192.168.0.11", cniContainerid: "id", metadata: pod },
  ]);
  t.equal((await list({ pool: "p", poolType: 2 })).reservations.length, 0);
  t.equal(await failure(list({ address: "192.168.0" })), '3: address "192.168.0" is no IP address');
  t.equal(await failure(list({ pageSize: -1 })), "3: page_size -1 is negative");
  t.same(await service.checkStore({}, context), { findings: [] });
  const released = await service.releaseReservations(
    { reservations: [...reservations, ...reservations] },
    context,
  );
  t.same(released, { released: 1 });
});

test("CNI STATUS and GC", async (t) => {
  const { service } = await setUp(t);
  t.same(await service.checkPools({ pools: ["p"], poolType: 0 }, context), { problems: [] });
  t.same(await service.checkPools({ pools: ["c", "p"], poolType: 1 }, context), {
    problems: [{ pool: "c", reason: "no such pool, or no addresses of it for this node" }],
  });
  await service.allocate({ parameters: parameters() }, context);
  const collect = (networkName: string, beganAtMs: number) =>
    service.collectGarbage({ networkName, beganAtMs, validAttachments: [] }, context);
  t.equal(await failure(collect("", Date.now())), "3: network_name is required field");
  t.equal(await failure(collect("net", 0)), "3: began_at_ms is required field");
  t.same(await collect("net", Date.now() + 1000), { released: 1 });
});

test("a text that no page could hold is not stored, and does not keep anything from going", async (t) => {
  const { service } = await setUp(t, false);
  const long = "\u00e9".repeat(2049);
  const metadata = (more: object) => ({ metadata: { ...pod, ...more } });
  const rows: [Partial<IPAMParameters>, string][] = [
    [{ cniContainerid: long }, "cni_containerid"],
    [{ cniIfname: long }, "cni_ifname"],
    [metadata({ k8sPodName: long }), "metadata.k8s_pod_name"],
    [metadata({ k8sPodNamespace: long }), "metadata.k8s_pod_namespace"],
    [metadata({ k8sPodUid: long }), "metadata.k8s_pod_uid"],
    [metadata({ deviceId: long }), "metadata.device_id"],
    [metadata({ networkName: long }), "metadata.network_name"],
  ];
  for (const [more, field] of rows) {
    const request = { parameters: parameters(more) };
    t.equal(
      await failure(service.allocate(request, context)),
      `3: parameters.${field} has 4098 bytes, at most 4096 are taken`,
    );
    t.same(await service.deallocate(request, context), {});
  }
  const fits = { parameters: parameters({ cniContainerid: long.slice(1) }) };
  t.equal((await service.allocate(fits, context)).allocations.length, 1);
});

test("an IPv4-mapped static address is the IPv4 one", async (t) => {
  const { service } = await setUp(t);
  const { allocations } = await service.allocate(
    { parameters: parameters({ requestedIps: [`::ffff:${formatAddress(parseAddress("192.168.0.40")!)}`] }) },
    context,
  );
  t.equal(allocations[0]?.ip, "192.168.0.40/16");
});
