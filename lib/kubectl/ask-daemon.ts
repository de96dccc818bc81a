// SPDX-License-Identifier: Apache-2.0
// A daemon's own answers: its debug commands, run inside its pod.
import { parseAddress } from "../ip/address.ts";
import { describeError } from "../log/printable.ts";
import { isObject } from "../pool/fields.ts";
import { textAt, valueAt } from "./api.ts";
import type { DaemonPod } from "./daemon-pods.ts";

export type ExecRequest = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
};

export type ExecOutcome = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** Runs a command in a container. Rejects with an Error when that cannot be tried. */
export type Exec = (request: ExecRequest) => Promise<ExecOutcome>;

/** The daemon's answer, or why there is none. */
export type Answer<T> = { readonly rows: readonly T[] } | { readonly silence: string };

export type DaemonCommand = "pools" | "reservations" | "check";

type Row = Readonly<Record<string, unknown>>;

/** Rows of `ipam-node COMMAND -o json`. Never rejects: one silent daemon of many is nothing unusual. */
export async function askDaemon(
  exec: Exec,
  { namespace, name, container, executable, flags }: DaemonPod,
  command: DaemonCommand,
  args: readonly string[] = [],
): Promise<Answer<Row>> {
  const options = [...flags.place, ...(command === "check" ? flags.installation : [])];
  const words = [executable, command, "-o", "json", ...options, ...args];
  try {
    return readAnswer(await exec({ namespace, pod: name, container, command: words }));
  } catch (error) {
    return { silence: describeError(error) };
  }
}

/** A check that found something ends with status 1 and answers all the same. */
function readAnswer({ status, stdout, stderr }: ExecOutcome): Answer<Row> {
  try {
    const value: unknown = JSON.parse(stdout);
    if (Array.isArray(value)) return { rows: value.filter(isObject) };
  } catch {
    // No JSON: what went wrong stands on standard error, or the daemon is one that has no debug commands.
  }
  const lines = stderr.split("\n").map((line) => line.trim());
  const said = lines.filter(
    (line) => line !== "" && !/^command terminated with exit code|^Defaulted container/.test(line),
  );
  return { silence: said[0] ?? `it answered nothing that can be read (exit status ${status})` };
}

/** A reservation as `ipam-node reservations` tells it. */
export type ToldReservation = {
  readonly pool: string;
  readonly poolType: string;
  readonly address: string;
  readonly containerId: string;
  readonly interface: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly network: string;
  readonly createdAt: string;
};

export function readReservation(row: Row): ToldReservation {
  return {
    pool: textAt(row, "pool"),
    poolType: textAt(row, "poolType"),
    address: textAt(row, "address"),
    containerId: textAt(row, "containerId"),
    interface: textAt(row, "interface"),
    podNamespace: textAt(row, "podNamespace"),
    podName: textAt(row, "podName"),
    podUid: textAt(row, "podUid"),
    network: textAt(row, "network"),
    createdAt: textAt(row, "createdAt"),
  };
}

/** Addresses of a daemon's reservations; what is none is left out. */
export function addressesOf(rows: readonly Row[]): bigint[] {
  return rows.flatMap((row) => parseAddress(textAt(row, "address"))?.value ?? []);
}

/** A count as JSON carries it: a number, or a decimal text where that would not be exact. */
export function readCount(row: Row, field: string): bigint {
  const value = valueAt(row, field);
  return /^\d+$/.test(String(value)) ? BigInt(String(value)) : 0n;
}

/** Asks several daemons, a few at a time: each answer costs a process here and one there. */
export async function inTurns<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = 8,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
