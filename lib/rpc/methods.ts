// SPDX-License-Identifier: Apache-2.0
import type { IpamHandlers } from "./handlers.ts";
import {
  AllocateResponse,
  CheckPoolsRequest,
  CheckPoolsResponse,
  CheckStoreRequest,
  CheckStoreResponse,
  CollectGarbageRequest,
  CollectGarbageResponse,
  EmptyResponse,
  ExportStoreRequest,
  ExportStoreResponse,
  HEALTH_SERVICE,
  HealthCheckRequest,
  HealthCheckResponse,
  IPAM_SERVICE,
  ListPoolsRequest,
  ListPoolsResponse,
  ListReservationsRequest,
  ListReservationsResponse,
  ParametersRequest,
  ReleaseReservationsRequest,
  ReleaseReservationsResponse,
} from "./messages.ts";
import type { MessageType } from "./protobuf.ts";

/** One RPC: where it is asked for and how its two messages are written. */
export type Method<Request, Response> = {
  /** "/package.Service/Method". */
  readonly path: string;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
};

export type IpamRequest<K extends keyof IpamHandlers> = Parameters<IpamHandlers[K]>[0];
export type IpamResponse<K extends keyof IpamHandlers> = Awaited<ReturnType<IpamHandlers[K]>>;

/** A method for each handler. */
export type IpamMethods = {
  readonly [K in keyof IpamHandlers]: Method<IpamRequest<K>, IpamResponse<K>>;
};

function method<Request, Response>(
  name: string,
  request: MessageType<Request>,
  response: MessageType<Response>,
): Method<Request, Response> {
  return { path: `/${name}`, request, response };
}

export const IPAM_METHODS: IpamMethods = {
  allocate: method(`${IPAM_SERVICE}/Allocate`, ParametersRequest, AllocateResponse),
  isAllocated: method(`${IPAM_SERVICE}/IsAllocated`, ParametersRequest, EmptyResponse),
  deallocate: method(`${IPAM_SERVICE}/Deallocate`, ParametersRequest, EmptyResponse),
  checkPools: method(`${IPAM_SERVICE}/CheckPools`, CheckPoolsRequest, CheckPoolsResponse),
  collectGarbage: method(`${IPAM_SERVICE}/CollectGarbage`, CollectGarbageRequest, CollectGarbageResponse),
  listPools: method(`${IPAM_SERVICE}/ListPools`, ListPoolsRequest, ListPoolsResponse),
  listReservations: method(
    `${IPAM_SERVICE}/ListReservations`,
    ListReservationsRequest,
    ListReservationsResponse,
  ),
  releaseReservations: method(
    `${IPAM_SERVICE}/ReleaseReservations`,
    ReleaseReservationsRequest,
    ReleaseReservationsResponse,
  ),
  checkStore: method(`${IPAM_SERVICE}/CheckStore`, CheckStoreRequest, CheckStoreResponse),
  exportStore: method(`${IPAM_SERVICE}/ExportStore`, ExportStoreRequest, ExportStoreResponse),
};

export const IPAM_METHOD_NAMES = Object.keys(IPAM_METHODS) as readonly (keyof IpamHandlers)[];

export const HEALTH_CHECK = method(`${HEALTH_SERVICE}/Check`, HealthCheckRequest, HealthCheckResponse);
/** Answers with a stream. */
export const HEALTH_WATCH = method(`${HEALTH_SERVICE}/Watch`, HealthCheckRequest, HealthCheckResponse);
