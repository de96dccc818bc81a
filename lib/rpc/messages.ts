// SPDX-License-Identifier: Apache-2.0
// The messages of proto/, field by field; what each means is said there.
import { type Field, MessageType, type Shape } from "./protobuf.ts";

export const IPAM_SERVICE = "nvidia.ipam.node.v1.IPAMService";
export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** enum PoolType. */
export const PoolTypeNumber = { unspecified: 0, ippool: 1, cidrpool: 2 } as const;

export const IPAMMetadata = message({
  k8sPodName: string(1),
  k8sPodNamespace: string(2),
  k8sPodUid: string(3),
  deviceId: string(4),
  networkName: string(5),
});
export const IPAMFeatures = message({
  allocateDefaultGateway: bool(1),
  allocateIpWithIndex: optionalInt32(2),
});
export const IPAMParameters = message({
  pools: strings(1),
  cniContainerid: string(2),
  cniIfname: string(3),
  metadata: embedded(4, IPAMMetadata),
  poolType: int32(5),
  requestedIps: strings(6),
  features: embedded(7, IPAMFeatures),
});
/** AllocateRequest, IsAllocatedRequest and DeallocateRequest have the same one field. */
export const ParametersRequest = message({ parameters: embedded(1, IPAMParameters) });
/** IsAllocatedResponse and DeallocateResponse. */
export const EmptyResponse = message({});

export const Route = message({ dest: string(1) });
export const AllocationInfo = message({
  pool: string(1),
  ip: string(2),
  gateway: string(3),
  poolType: int32(4),
  routes: repeatedMessage(5, Route),
});
export const AllocateResponse = message({ allocations: repeatedMessage(1, AllocationInfo) });

export const CheckPoolsRequest = message({ pools: strings(1), poolType: int32(2) });
export const PoolProblem = message({ pool: string(1), reason: string(2) });
export const CheckPoolsResponse = message({ problems: repeatedMessage(1, PoolProblem) });

export const Attachment = message({ cniContainerid: string(1), cniIfname: string(2) });
export const CollectGarbageRequest = message({
  networkName: string(1),
  validAttachments: repeatedMessage(2, Attachment),
  beganAtMs: int64(3),
});
export const CollectGarbageResponse = message({ released: int64(1) });

export const AddressRange = message({ startIp: string(1), endIp: string(2) });
export const PoolInfo = message({
  pool: string(1),
  poolType: int32(2),
  hasShare: bool(3),
  subnet: string(4),
  startIp: string(5),
  endIp: string(6),
  gateway: string(7),
  size: string(8),
  used: string(9),
  free: string(10),
  excluded: string(11),
  nextIp: string(12),
  staleReason: string(13),
  exclusions: repeatedMessage(14, AddressRange),
  routes: strings(15),
});
export const ListPoolsRequest = message({});
export const ListPoolsResponse = message({ pools: repeatedMessage(1, PoolInfo), nodeName: string(2) });

export const Reservation = message({
  pool: string(1),
  poolType: int32(2),
  address: string(3),
  cniContainerid: string(4),
  cniIfname: string(5),
  metadata: embedded(6, IPAMMetadata),
  createdAtMs: int64(7),
});
export const ListReservationsRequest = message({
  pageSize: int32(1),
  pageToken: string(2),
  pool: string(3),
  cniContainerid: string(4),
  k8sPodName: string(5),
  k8sPodNamespace: string(6),
  poolType: int32(7),
  address: string(8),
  networkName: string(9),
});
export const ListReservationsResponse = message({
  reservations: repeatedMessage(1, Reservation),
  nextPageToken: string(2),
});
export const ReleaseReservationsRequest = message({ reservations: repeatedMessage(1, Reservation) });
export const ReleaseReservationsResponse = message({ released: int64(1) });

export const CheckStoreRequest = message({});
export const Finding = message({ kind: string(1), pool: string(2), poolType: int32(3), message: string(4) });
export const CheckStoreResponse = message({ findings: repeatedMessage(1, Finding) });

export const ExportStoreRequest = message({ format: string(1) });
export const ExportStoreResponse = message({ content: string(1) });

/** enum HealthCheckResponse.ServingStatus. */
export const ServingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;
export const HealthCheckRequest = message({ service: string(1) });
export const HealthCheckResponse = message({ status: int32(1) });

export type IPAMMetadata = Shape<typeof IPAMMetadata>;
export type IPAMFeatures = Shape<typeof IPAMFeatures>;
export type IPAMParameters = Shape<typeof IPAMParameters>;
export type ParametersRequest = Shape<typeof ParametersRequest>;
export type EmptyResponse = Shape<typeof EmptyResponse>;
export type AllocationInfo = Shape<typeof AllocationInfo>;
export type AllocateResponse = Shape<typeof AllocateResponse>;
export type CheckPoolsRequest = Shape<typeof CheckPoolsRequest>;
export type CheckPoolsResponse = Shape<typeof CheckPoolsResponse>;
export type CollectGarbageRequest = Shape<typeof CollectGarbageRequest>;
export type CollectGarbageResponse = Shape<typeof CollectGarbageResponse>;
export type PoolInfo = Shape<typeof PoolInfo>;
export type ListPoolsResponse = Shape<typeof ListPoolsResponse>;
export type Reservation = Shape<typeof Reservation>;
export type ListReservationsRequest = Shape<typeof ListReservationsRequest>;
export type ListReservationsResponse = Shape<typeof ListReservationsResponse>;
export type ReleaseReservationsRequest = Shape<typeof ReleaseReservationsRequest>;
export type ReleaseReservationsResponse = Shape<typeof ReleaseReservationsResponse>;
export type Finding = Shape<typeof Finding>;
export type CheckStoreResponse = Shape<typeof CheckStoreResponse>;
export type ExportStoreRequest = Shape<typeof ExportStoreRequest>;
export type ExportStoreResponse = Shape<typeof ExportStoreResponse>;
export type HealthCheckRequest = Shape<typeof HealthCheckRequest>;
export type HealthCheckResponse = Shape<typeof HealthCheckResponse>;

// How fields are declared. In this file, because only so does esbuild believe the annotations, with which a bundle leaves
// out the messages that it does not use.

/* @__NO_SIDE_EFFECTS__ */
function message<T>(fields: { readonly [K in keyof T]: Field<T[K]> }): MessageType<T> {
  return new MessageType(fields);
}

/* @__NO_SIDE_EFFECTS__ */
function string(number: number): Field<string> {
  return { number, kind: "string" };
}

/* @__NO_SIDE_EFFECTS__ */
function strings(number: number): Field<string[]> {
  return { number, kind: "strings" };
}

/* @__NO_SIDE_EFFECTS__ */
function bool(number: number): Field<boolean> {
  return { number, kind: "bool" };
}

/* @__NO_SIDE_EFFECTS__ */
function int32(number: number): Field<number> {
  return { number, kind: "int32" };
}

/** An int32 with explicit presence: undefined when absent. */
/* @__NO_SIDE_EFFECTS__ */
function optionalInt32(number: number): Field<number | undefined> {
  return { number, kind: "optionalInt32" };
}

/** Numbers beyond ±2^53 lose their low digits: times and counts only. */
/* @__NO_SIDE_EFFECTS__ */
function int64(number: number): Field<number> {
  return { number, kind: "int64" };
}

/** A message inside; undefined when absent. */
/* @__NO_SIDE_EFFECTS__ */
function embedded<T>(number: number, { fields }: MessageType<T>): Field<T | undefined> {
  return { number, kind: "message", inner: fields };
}

/* @__NO_SIDE_EFFECTS__ */
function repeatedMessage<T>(number: number, { fields }: MessageType<T>): Field<T[]> {
  return { number, kind: "messages", inner: fields };
}
