// SPDX-License-Identifier: Apache-2.0
import type {
  Finding,
  ListPoolsResponse,
  ListReservationsRequest,
  ListReservationsResponse,
  Reservation,
} from "../rpc/messages.ts";
import { openDaemon } from "./daemon-source.ts";
import type { Place } from "./place.ts";
import { findSilence } from "./reach.ts";
import { openStore } from "./store-source.ts";

/** Where a debug command gets its answers from; each rejects with an Error that can be shown as it is. */
export type Source = {
  /** What an answer needs to be read right, one sentence; absent when it is the daemon's own. */
  readonly remark?: string;
  listPools(): Promise<ListPoolsResponse>;
  /** One page; the request's token chooses which. */
  listReservations(request: ListReservationsRequest): Promise<ListReservationsResponse>;
  checkStore(): Promise<readonly Finding[]>;
  close(): void;
};

/** A daemon's answers; it can change what it tells of as well. */
export type DaemonSource = Source & {
  /** Releases exactly these; how many there still were. */
  release(reservations: readonly Reservation[]): Promise<number>;
};

/** The daemon where it runs, else its store. Throws an Error when neither answers. */
async function openSource(place: Place): Promise<Source> {
  const silence = await findSilence(place.bindAddress);
  return silence === undefined ? openDaemon(place) : openStore(place.storeFile, silence);
}

/** Runs `work` on the source and closes it, however that ends. */
export async function withSource(place: Place, work: (source: Source) => Promise<void>): Promise<void> {
  const source = await openSource(place);
  try {
    await work(source);
  } finally {
    source.close();
  }
}

/** As withSource, for what only a running daemon can do: `doing` names it at the start of a sentence, as "release". */
export async function withDaemon(
  place: Place,
  doing: string,
  work: (daemon: DaemonSource) => Promise<void>,
): Promise<void> {
  const silence = await findSilence(place.bindAddress);
  if (silence !== undefined) {
    throw new Error(
      `${doing} needs a running daemon, and ${silence}: start ipam-node or name its --bind-address; without one the store is only read`,
    );
  }
  const daemon = openDaemon(place);
  try {
    await work(daemon);
  } finally {
    daemon.close();
  }
}
