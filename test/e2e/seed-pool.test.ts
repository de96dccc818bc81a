// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callPlugin, errorOf, resultOf } from "../support/cni.ts";
import { ipPool, startDaemon } from "../support/daemon.ts";
import { seedSpec } from "./seed-spec.ts";

test("the walk-through of the static IP notes", async (t) => {
  const daemon = await startDaemon(t, { pools: { "pool1.json": ipPool("pool1", seedSpec) } });
  const ipam = daemon.ipam({ poolName: "pool1" });

  const dynamic = resultOf(await callPlugin({ container: "dynamic-1", conf: { ipam } }));
  t.same(dynamic.ips, [{ address: "192.168.0.11/16", gateway: "192.168.0.1" }]);

  const fixed = { ipam, runtimeConfig: { ips: ["192.168.0.5"] } };
  t.same(resultOf(await callPlugin({ container: "static-1", conf: fixed })).ips, [
    { address: "192.168.0.5/16", gateway: "192.168.0.1" },
  ]);

  const wrong = { ipam, runtimeConfig: { ips: ["10.10.10.10"] } };
  const error = errorOf(await callPlugin({ container: "static-2", conf: wrong }));
  t.equal(
    error.msg,
    "grpc call failed: rpc error: code = InvalidArgument desc = not all requested static IPs can be allocated " +
      "from the ranges available on the node, ip 10.10.10.10 has no matching Pool",
  );
  t.equal(error.code, 103);
});
