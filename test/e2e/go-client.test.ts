// SPDX-License-Identifier: Apache-2.0
// A grpc-go client with our daemon, as a node's plugin of the Go implementation is.
import { test } from "tap";
import { callFromGo, ipamMethod } from "../support/go-wire.ts";
import { skipUnless } from "../support/layers.ts";
import { allocate, deallocate, error, isAllocated, ok, pod, startForGo } from "./go-calls.ts";

const skip = skipUnless("go");

for (const network of ["unix", "tcp"] as const) {
  test(`${network}: the three RPCs of every daemon`, { skip }, async (t) => {
    const { address } = await startForGo(t, network);
    const outcomes = await callFromGo(address, [
      allocate("a"),
      isAllocated("a"),
      allocate("b", { pools: ["p", "plain"], pool_type: "POOL_TYPE_IPPOOL" }),
      allocate("c", { pools: ["c"], pool_type: "POOL_TYPE_CIDRPOOL" }),
      allocate("d", { features: { allocate_default_gateway: true } }),
      allocate("e", { features: { allocate_ip_with_index: 9 } }),
      allocate("f", { requested_ips: ["10.0.0.200"] }),
      deallocate("a"),
      isAllocated("a"),
      deallocate("a"),
      deallocate("a", { pools: ["nowhere"] }),
    ]);
    const routes = [{ dest: "0.0.0.0/0" }, { dest: "10.9.0.0/16" }];
    const ofP = (ip: string) => ({
      pool: "p",
      ip,
      gateway: "10.0.0.1",
      pool_type: "POOL_TYPE_IPPOOL",
      routes,
    });
    const ofPlain = { pool: "plain", ip: "fd00:1::1/64", pool_type: "POOL_TYPE_IPPOOL" };
    const ofC = { pool: "c", ip: "10.2.0.2/24", gateway: "10.2.0.1", pool_type: "POOL_TYPE_CIDRPOOL" };
    const ofGateway = { pool: "p", ip: "10.0.0.1/24", pool_type: "POOL_TYPE_IPPOOL" };
    t.strictSame(outcomes, [
      ok({ allocations: [ofP("10.0.0.2/24")] }),
      ok(),
      ok({ allocations: [ofP("10.0.0.3/24"), ofPlain] }),
      ok({ allocations: [ofC] }),
      ok({ allocations: [ofGateway] }),
      ok({ allocations: [ofP("10.0.0.10/24")] }),
      ok({ allocations: [ofP("10.0.0.200/24")] }),
      ok(),
      error("NotFound", 'reservation for pool "p", poolType "ippool" not found'),
      ok(),
      ok(),
    ]);
  });

  test(`${network}: the RPCs of ours`, { skip }, async (t) => {
    const { address } = await startForGo(t, network);
    const call = (method: string, request: unknown = {}) => ({ method: ipamMethod(method), request });
    const metadata = { ...pod, network_name: "net" };
    const [health, , , check, list, garbage, gone, release, store] = await callFromGo(address, [
      { method: "grpc.health.v1.Health/Check" },
      allocate("a", { metadata }),
      allocate("b", { pools: ["tiny"] }),
      call("CheckPools", { pools: ["p", "tiny", "nowhere"] }),
      call("ListReservations", { pool: "p" }),
      call("CollectGarbage", { network_name: "net", began_at_ms: "99999999999999" }),
      isAllocated("a"),
      call("ReleaseReservations", {
        reservations: [{ pool: "tiny", address: "10.1.0.1", cni_containerid: "b", cni_ifname: "net1" }],
      }),
      call("CheckStore"),
    ]);
    t.strictSame(health, ok({ status: "SERVING" }));
    t.match(check, { response: { problems: [{ pool: "tiny" }, { pool: "nowhere" }] } });
    t.match(list, { response: { reservations: [{ pool: "p", address: "10.0.0.2", metadata }] } });
    t.strictSame(garbage, ok({ released: "1" }));
    t.equal(gone!.code, "NotFound");
    t.strictSame(release, ok({ released: "1" }));
    t.strictSame(store, ok());
    const [pooled] = await callFromGo(address, [call("ListPools")]);
    t.match(pooled, { response: { node_name: "node-a", pools: [{}, {}, {}, {}] } });
  });
}

test("a daemon that hangs costs a Go client its deadline, one that is gone says so", { skip }, async (t) => {
  const { daemon, address } = await startForGo(t, "unix");
  daemon.process.kill("SIGSTOP");
  const [late] = await callFromGo(address, [{ ...allocate("a"), timeoutMs: 300 }]);
  t.equal(late!.code, "DeadlineExceeded");
  daemon.process.kill("SIGCONT");
  t.strictSame(await callFromGo(address, [deallocate("a")]), [ok()]);
  t.equal(await daemon.end("SIGTERM"), 0);
  const [gone] = await callFromGo(address, [allocate("a")]);
  t.equal(gone!.code, "Unavailable");
});
