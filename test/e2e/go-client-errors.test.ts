// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { callFromGo, type GoCall, type GoOutcome, ipamMethod } from "../support/go-wire.ts";
import { skipUnless } from "../support/layers.ts";
import { about, allocate, error, isAllocated, ok, type Parameters, startForGo } from "./go-calls.ts";

const skip = skipUnless("go");

test("every error of the daemon, as grpc-go reads it", { skip }, async (t) => {
  const { address } = await startForGo(t, "unix");
  const features = (given: Parameters) => ({ features: given });
  const cases: [call: GoCall, outcome: GoOutcome][] = [
    ...invalidRequests().flatMap(([request, message]): typeof cases =>
      ["Allocate", "IsAllocated", "Deallocate"].map((name) => [
        { method: ipamMethod(name), request },
        error("InvalidArgument", message),
      ]),
    ),
    [
      allocate("a", { requested_ips: ["10.10.10.10"] }),
      error(
        "InvalidArgument",
        "not all requested static IPs can be allocated from the ranges available on the node, ip 10.10.10.10 has no matching Pool",
      ),
    ],
    [
      allocate("a", { pools: ["plain"], ...features({ allocate_default_gateway: true }) }),
      error(
        "InvalidArgument",
        'pool without gateway can\'t be used with allocate_default_gateway feature,pool "plain", poolType "ippool"',
      ),
    ],
    [
      allocate("a", features({ allocate_ip_with_index: 0 })),
      error(
        "InvalidArgument",
        'requested IP index "0" is the actual gateway, use allocate_default_gateway feature instead',
      ),
    ],
    [
      allocate("a", features({ allocate_ip_with_index: 100 })),
      error("InvalidArgument", 'requested IP index "100" is outside of the given chunk'),
    ],
    [
      allocate("a", { pools: ["c"] }),
      error("NotFound", 'configuration for pool "c", poolType "ippool" not found'),
    ],
    [isAllocated("a"), error("NotFound", 'reservation for pool "p", poolType "ippool" not found')],
    [allocate("one", { pools: ["tiny"] }), ok()],
    [
      allocate("one", { pools: ["p", "tiny"] }),
      error("AlreadyExists", 'allocation already exist in the pool "tiny", poolType "ippool"'),
    ],
    [
      allocate("two", { pools: ["p", "tiny"] }),
      error("ResourceExhausted", 'no free addresses in the pool "tiny", poolType "ippool"'),
    ],
    [
      allocate("two", { pools: ["tiny"], requested_ips: ["10.1.0.1"] }),
      error("ResourceExhausted", 'requested IP is already reserved in the pool "tiny", poolType "ippool"'),
    ],
    // All or nothing: what failed in the second pool left nothing in the first.
    [isAllocated("one"), error("NotFound", 'reservation for pool "p", poolType "ippool" not found')],
    [isAllocated("two"), error("NotFound", 'reservation for pool "p", poolType "ippool" not found')],
  ];
  const outcomes = await callFromGo(
    address,
    cases.map(([call]) => call),
  );
  for (const [i, [call, wanted]] of cases.entries()) {
    const { code, message } = outcomes[i]!;
    const given = { code, message };
    t.strictSame(given, { code: wanted.code, message: wanted.message }, JSON.stringify(call));
  }
});

/** Requests that are refused before any pool is looked at. */
function invalidRequests(): [request: unknown, message: string][] {
  const bad = (more: Parameters) => about("a", more);
  return [
    [{}, "parameters is required field"],
    [bad({ pools: [] }), "parameters.pools is invalid"],
    [bad({ pools: ["a", "b", "c"] }), "parameters.pools is invalid"],
    [bad({ pools: [""] }), "parameters.pools[0] is invalid"],
    [bad({ cni_containerid: "" }), "parameters.cni_containerid is required field"],
    [bad({ cni_ifname: "" }), "parameters.cni_ifname is required field"],
    [bad({ metadata: null }), "parameters.metadata is required field"],
    [bad({ metadata: { k8s_pod_namespace: "n" } }), "parameters.metadata.k8s_pod_name is required field"],
    [bad({ metadata: { k8s_pod_name: "n" } }), "parameters.metadata.k8s_pod_namespace is required field"],
    [bad({ requested_ips: ["10.0.0.300"] }), "parameters.requested_ips[0] is invalid"],
    [
      bad({ requested_ips: ["10.0.0.3"], features: { allocate_default_gateway: true } }),
      "parameters.features.allocate_default_gateway can't be used together with static IPs",
    ],
  ];
}
