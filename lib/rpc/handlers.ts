// SPDX-License-Identifier: Apache-2.0
import type {
  AllocateResponse,
  CheckPoolsRequest,
  CheckPoolsResponse,
  CheckStoreResponse,
  CollectGarbageRequest,
  CollectGarbageResponse,
  EmptyResponse,
  ExportStoreRequest,
  ExportStoreResponse,
  ListPoolsResponse,
  ListReservationsRequest,
  ListReservationsResponse,
  ParametersRequest,
  ReleaseReservationsRequest,
  ReleaseReservationsResponse,
} from "./messages.ts";

export type CallContext = {
  /** The caller has gone, or its deadline has passed. */
  readonly aborted: boolean;
  /** Aborted then, for who wants to be told; made when it is asked for, because few do and a plugin's call waits for it. */
  readonly signal: AbortSignal;
};

type Handler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/** IPAMService, one function for each RPC; each rejects with RpcError. */
export type IpamHandlers = {
  allocate: Handler<ParametersRequest, AllocateResponse>;
  isAllocated: Handler<ParametersRequest, EmptyResponse>;
  deallocate: Handler<ParametersRequest, EmptyResponse>;
  checkPools: Handler<CheckPoolsRequest, CheckPoolsResponse>;
  collectGarbage: Handler<CollectGarbageRequest, CollectGarbageResponse>;
  listPools: Handler<EmptyResponse, ListPoolsResponse>;
  listReservations: Handler<ListReservationsRequest, ListReservationsResponse>;
  releaseReservations: Handler<ReleaseReservationsRequest, ReleaseReservationsResponse>;
  checkStore: Handler<EmptyResponse, CheckStoreResponse>;
  exportStore: Handler<ExportStoreRequest, ExportStoreResponse>;
};
