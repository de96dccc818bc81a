// SPDX-License-Identifier: Apache-2.0
// Admission reviews as API servers send them.

type Json = Readonly<Record<string, unknown>>;

export type PoolObject = {
  readonly kind: "IPPool" | "CIDRPool";
  readonly metadata: Json;
  readonly spec: Json;
  readonly status?: Json;
};

export function poolObject(
  kind: PoolObject["kind"],
  spec: Json,
  { status, metadata = {} }: { readonly status?: Json; readonly metadata?: Json } = {},
): PoolObject & Json {
  return {
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind,
    metadata: { name: "p", namespace: "kube-system", uid: "u", generation: 1, ...metadata },
    spec,
    ...(status && { status }),
  };
}

/** A CREATE, or an UPDATE where there is an old object. */
export function reviewOf(object: unknown, oldObject?: unknown, extra: Json = {}) {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      kind: { group: "nv-ipam.nvidia.com", version: "v1alpha1", kind: "IPPool" },
      resource: { group: "nv-ipam.nvidia.com", version: "v1alpha1", resource: "ippools" },
      name: "p",
      namespace: "kube-system",
      operation: oldObject === undefined ? "CREATE" : "UPDATE",
      userInfo: { username: "admin" },
      object,
      oldObject: oldObject ?? null,
      dryRun: false,
      options: null,
      ...extra,
    },
  };
}
