// SPDX-License-Identifier: Apache-2.0
// The fields of manifests as the outside spells them (nv-ipam.nvidia.com/v1alpha1, core/v1).
import {
  anything,
  type Fields,
  flag,
  int32,
  list,
  object,
  type Reader,
  text,
  textMap,
  wholeNumber,
} from "./fields.ts";

const exclusion = object({ startIP: text, endIP: text }, ["startIP", "endIP"]);
const indexExclusion = object({ startIndex: int32, endIndex: int32 }, ["startIndex", "endIndex"]);
const route = object({ dst: text }, ["dst"]);
const requirement = object({ key: text, operator: text, values: list(text, "") }, ["key", "operator"]);
const term = object({ matchExpressions: list(requirement, {}), matchFields: list(requirement, {}) });

const settings = {
  exclusions: list(exclusion, {}),
  perNodeExclusions: list(indexExclusion, {}),
  nodeSelector: object({ nodeSelectorTerms: list(term, {}) }),
  defaultGateway: flag,
  routes: list(route, {}),
};

const ipPoolSpec = object({ subnet: text, perNodeBlockSize: wholeNumber, gateway: text, ...settings }, [
  "subnet",
  "perNodeBlockSize",
]);

const staticAllocation = object({ nodeName: text, gateway: text, prefix: text }, ["prefix"]);
const cidrPoolSpec = object(
  {
    cidr: text,
    perNodeNetworkPrefix: int32,
    gatewayIndex: int32,
    staticAllocations: list(staticAllocation, {}),
    ...settings,
  },
  ["cidr", "perNodeNetworkPrefix"],
);

/** `entry`: an item of status.allocations. What else controllers of any version write is their business. */
function status<T>(entry: Reader<T>, instead: T) {
  const shape = { allocations: list(entry, instead), conditions: anything, observedGeneration: anything };
  return object(shape, [], { open: true });
}

const ipPoolEntry = object({ nodeName: text, startIP: text, endIP: text }, ["nodeName", "startIP", "endIP"]);
const cidrPoolEntry = object({ nodeName: text, prefix: text, gateway: text }, ["nodeName", "prefix"]);

const metadata = object(
  {
    name: text,
    namespace: text,
    labels: textMap,
    annotations: anything,
    uid: anything,
    resourceVersion: anything,
    generation: anything,
    generateName: anything,
    creationTimestamp: anything,
    deletionTimestamp: anything,
    deletionGracePeriodSeconds: anything,
    finalizers: anything,
    ownerReferences: anything,
    managedFields: anything,
    selfLink: anything,
  },
  ["name"],
);

const header = { apiVersion: text, kind: text, metadata };

export const ipPoolShape = object({ ...header, spec: ipPoolSpec, status: status(ipPoolEntry, {}) }, [
  "metadata",
  "spec",
]);
export const cidrPoolShape = object({ ...header, spec: cidrPoolSpec, status: status(cidrPoolEntry, {}) }, [
  "metadata",
  "spec",
]);
export const nodeShape = object({ ...header, spec: anything, status: anything }, ["metadata"]);

type Read<R> = R extends Reader<infer T> ? T : never;

/** Specs as written: typed, but not yet judged; fields that were absent or of a wrong type are absent. */
export type IPPoolSpec = Read<typeof ipPoolSpec>;
export type CIDRPoolSpec = Read<typeof cidrPoolSpec>;
export type WrittenSettings = Fields<typeof settings>;
export type WrittenSelector = NonNullable<WrittenSettings["nodeSelector"]>;
export type WrittenRequirement = Read<typeof requirement>;
