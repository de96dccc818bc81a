// SPDX-License-Identifier: Apache-2.0
import type { Place } from "./place.ts";
import { findSilence } from "./reach.ts";
import { withWayOut } from "./refusal.ts";
import type { DaemonSource, Source } from "./source.ts";
import { openStore } from "./store-source.ts";

/** On demand: grpc-js is much code, and the daemon that shares the file needs none of it. */
export function loadDaemonSource(): Promise<typeof import("./daemon-source.ts")> {
  return import("./daemon-source.ts");
}

/** The daemon where it runs, else its store. Throws an Error when neither answers. */
async function openSource(place: Place): Promise<Source> {
  try {
    const silence = await findSilence(place.bindAddress);
    if (silence !== undefined) return openStore(place.storeFile, silence);
  } catch (error) {
    throw withWayOut(error);
  }
  return (await loadDaemonSource()).openDaemon(place);
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
  const silence = await findSilence(place.bindAddress).catch((error: unknown) => {
    throw withWayOut(error);
  });
  if (silence !== undefined) {
    throw new Error(
      `${doing} needs a running daemon, and ${silence}: start ipam-node or name its --bind-address; without one the store is only read`,
    );
  }
  const daemon = (await loadDaemonSource()).openDaemon(place);
  try {
    await work(daemon);
  } finally {
    daemon.close();
  }
}
