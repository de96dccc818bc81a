// SPDX-License-Identifier: Apache-2.0
// A cluster that runs the Go nv-ipam, with a pool of a user.
import type { Test } from "tap";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { createPool, poolPath } from "../support/api-server-objects.ts";
import { kubectlWith } from "./applying.ts";
import { installForeignKinds } from "./foreign-kinds.ts";
import { goObjects } from "./go-objects.ts";

const pool = { kind: "IPPool", namespace: "kube-system", name: "users" } as const;
const spec = { subnet: "192.168.0.0/16", perNodeBlockSize: 24, gateway: "192.168.0.1" };
const allocations = [{ nodeName: "host-a", startIP: "192.168.0.1", endIP: "192.168.0.24" }];

/** With the objects of the Go implementation's overlay of that name. */
export async function startGoCluster(t: Test, overlay: string): Promise<ApiServer> {
  const api = await startApiServer(t, { crds: "none", flags: ["--allow-privileged=true"] });
  await installForeignKinds(api);
  const objects = goObjects(overlay);
  // Before the webhook, which nobody serves here.
  const definitions = objects.filter(({ kind }) => kind === "CustomResourceDefinition");
  await kubectlWith(t, api, definitions, ["apply", "--validate=strict"]);
  await api.kubectl("wait", "--for=condition=established", "crd/ippools.nv-ipam.nvidia.com");
  await createPool(api.admin, { ...pool, spec });
  await api.admin.patch(`${poolPath(pool.kind, pool.namespace, pool.name)}/status`, {
    status: { allocations },
  });
  await kubectlWith(t, api, objects, ["apply", "--validate=strict"]);
  return api;
}

export async function usersKeepTheirs(t: Test, { admin }: ApiServer): Promise<void> {
  const { status, spec: kept } = await admin.get(poolPath(pool.kind, pool.namespace, pool.name));
  t.match({ kept, status }, { kept: spec, status: { allocations } }, "the pool and its blocks");
}
