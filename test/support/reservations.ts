// SPDX-License-Identifier: Apache-2.0
import type { Daemon } from "./daemon.ts";

/** An element of `ipam-node reservations -o json`. */
export type ListedReservation = {
  readonly pool: string;
  readonly poolType: string;
  readonly address: string;
  readonly containerId: string;
  readonly interface: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly network: string;
  readonly deviceId: string;
  readonly createdAt: string;
};

/** What the daemon (or its store) holds, through the debug command. */
export async function listReservations(daemon: Daemon): Promise<ListedReservation[]> {
  const outcome = await daemon.debug("reservations", "-o", "json");
  if (outcome.status !== 0) throw new Error(`reservations failed: ${outcome.stderr}`);
  return JSON.parse(outcome.stdout) as ListedReservation[];
}

/** Values that come more than once. */
export function duplicates(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}

/** Runs `work` for 0 … count-1, at most `width` at a time, in order of start. */
export async function inParallel<T>(
  count: number,
  width: number,
  work: (i: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) results[i] = await work(i);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
