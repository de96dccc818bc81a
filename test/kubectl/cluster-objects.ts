// SPDX-License-Identifier: Apache-2.0
// An API that answers lists from objects given, and pools as it would have them.
import type { Api, ApiCall } from "../../lib/kubectl/api.ts";
import type { ClusterPod } from "../../lib/kubectl/cluster-pods.ts";
import { type ClusterPool, listPools } from "../../lib/kubectl/cluster-pool.ts";

export type Objects = Readonly<Record<string, readonly unknown[]>>;

/** An answer of the API that is an error. */
export function refusal(status: number, message = `HTTP ${status}`): Error {
  return Object.assign(new Error(message), { status });
}

/** Lists by the plural of what is asked for; whatever is not there is answered 404. */
export function fakeApi(objects: Objects): Api & { readonly calls: ApiCall[] } {
  const calls: ApiCall[] = [];
  return {
    calls,
    async call(call) {
      calls.push(call);
      const items = objects[call.resource.plural];
      if (items === undefined) throw refusal(404);
      return { metadata: {}, items };
    },
  };
}

export type PoolSample = {
  readonly type?: "ippool" | "cidrpool";
  readonly name?: string;
  readonly spec: Record<string, unknown>;
  readonly allocations?: readonly unknown[];
};

/** Pools as listPools reads them from the API. */
export function readPools(...samples: readonly PoolSample[]): Promise<ClusterPool[]> {
  const written = (type: string) =>
    samples
      .filter((sample) => (sample.type ?? "ippool") === type)
      .map(({ name = "pool1", spec, allocations }) => ({
        metadata: { name, namespace: "ns", uid: `uid-${type}-${name}`, generation: 1 },
        spec,
        ...(allocations && { status: { allocations } }),
      }));
  return listPools(fakeApi({ ippools: written("ippool"), cidrpools: written("cidrpool") }), "ns");
}

export const small = {
  spec: { subnet: "10.0.0.0/24", perNodeBlockSize: 20, gateway: "10.0.0.1" },
  allocations: [
    { nodeName: "b", startIP: "10.0.0.21", endIP: "10.0.0.40" },
    { nodeName: "a", startIP: "10.0.0.1", endIP: "10.0.0.20" },
  ],
};

export function pod(name: string, more: Partial<ClusterPod> = {}): ClusterPod {
  return {
    namespace: "default",
    name,
    uid: `uid-${name}`,
    node: "a",
    isEnded: false,
    isMirror: false,
    addresses: [],
    ...more,
  };
}
