// SPDX-License-Identifier: Apache-2.0
import type {
  Finding,
  ListPoolsResponse,
  ListReservationsRequest,
  ListReservationsResponse,
  Reservation,
} from "../rpc/messages.ts";

/** Where a debug command gets its answers from; each rejects with an Error that can be shown as it is. */
export type Source = {
  /** What an answer needs to be read right, one sentence; absent when it is the daemon's own. */
  readonly remark?: string;
  listPools(): Promise<ListPoolsResponse>;
  /** One page; the request's token chooses which. */
  listReservations(request: ListReservationsRequest): Promise<ListReservationsResponse>;
  checkStore(): Promise<readonly Finding[]>;
  /** The whole store as the Go daemon's store file. */
  exportToGo(): Promise<string>;
  close(): void;
};

/** A daemon's answers; it can change what it tells of as well. */
export type DaemonSource = Source & {
  /** Releases exactly these; how many there still were. */
  release(reservations: readonly Reservation[]): Promise<number>;
};
