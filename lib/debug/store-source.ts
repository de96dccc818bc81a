// SPDX-License-Identifier: Apache-2.0
import { findingInfo, poolInfo, reservationInfo } from "../node/service-answers.ts";
import { parseFilter, parsePageRequest } from "../node/service-debug-requests.ts";
import { openStoreReadOnly, type ReadOnlyOutcome, type ReadOnlyStore } from "../node/store-read-only.ts";
import { requireReadable } from "./refusal.ts";
import type { Source } from "./source.ts";

/** Why there is nothing to read. */
export type UnusableStore = Exclude<ReadOnlyOutcome, { readonly status: "ok" }>;

/** As openStoreReadOnly, with errors that name the store. */
export function lookIntoStore(path: string): ReadOnlyOutcome {
  try {
    requireReadable(path);
    return openStoreReadOnly(path);
  } catch (error) {
    throw new Error(`cannot read store ${path}`, { cause: error });
  }
}

/** What a store's state means while no daemon answers. */
export function describeUnusable({ status, message }: UnusableStore): string {
  return status === "locked" ? `${message}, which is starting or stopping or listens elsewhere` : message;
}

/** What to do about it; undefined: the message says that. */
export function fixOf(unusable: UnusableStore): string | undefined {
  switch (unusable.status) {
    case "missing":
      return "none is needed before the first start of ipam-node; else name it by --store-file";
    case "locked":
      return "wait until the daemon has started, or name its --bind-address";
    case "fault":
      return unusable.isDamage ? '"ipam-node recover" says first what it would do' : undefined;
  }
}

/** The store of a daemon that does not run; `silence` says that it does not. Throws an Error when it cannot be read. */
export function openStore(path: string, silence: string): Source {
  const outcome = lookIntoStore(path);
  if (outcome.status !== "ok")
    throw new Error([`${silence}, and ${describeUnusable(outcome)}`, fixOf(outcome) ?? []].flat().join(": "));
  const remark = `${silence}: this is what store ${path} holds`;
  return { remark, ...readStore(outcome.store) };
}

/** The store answers as the daemon's service would, in the same messages. */
function readStore(store: ReadOnlyStore): Source {
  return {
    listPools: async () => ({ pools: store.listPools().map(poolInfo), nodeName: "" }),
    async listReservations(request) {
      const page = store.listReservations({ filter: parseFilter(request), ...parsePageRequest(request) });
      return { reservations: page.reservations.map(reservationInfo), nextPageToken: page.next ?? "" };
    },
    checkStore: async () => store.check().map(findingInfo),
    exportToGo: async () => store.exportToGo(),
    close: () => store.close(),
  };
}
