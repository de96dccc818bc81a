// SPDX-License-Identifier: Apache-2.0
// Reservations that a recovery finds and cannot place: nobody must lose them without having said so.
import type { Unplaced } from "../node/recover-candidates.ts";
import { type RecoveredRow, recoveredRow } from "./recover-row.ts";
import { Table } from "./table.ts";

type LeftOutRow = Omit<RecoveredRow, "pool" | "poolType">;

const HEADERS = ["ADDRESS", "CONTAINER", "INTERFACE", "POD", "SOURCE"];

/** In JSON output: a contract with scripts. */
export function leftOutRow(one: Unplaced): LeftOutRow {
  const {
    pool: _pool,
    poolType: _type,
    ...row
  } = recoveredRow({ ...one, pool: { type: "ippool", name: "" } });
  return row;
}

/** Which they are and the way out, for people; "" when there are none. */
export function formatLeftOut(leftOut: readonly Unplaced[]): string {
  if (leftOut.length === 0) return "";
  const cells = leftOut
    .map(leftOutRow)
    .map((row) => [
      row.address,
      row.containerId,
      row.interface,
      row.podNamespace === "" ? row.podName : `${row.podNamespace}/${row.podName}`,
      row.source,
    ]);
  return `Left out: ${describeLeftOut(leftOut.length)}.\n${new Table(HEADERS).format(cells)}${WAY_OUT}`;
}

const WAY_OUT = `Way out: name the runtime's result cache by --results-dir and --multus-dir, which may know the pools; else end these
containers first (drain the node), then add --leave-out. Their addresses are given again.
`;

/** Why the new store is not made. */
export function refuseLeftOut(count: number): Error {
  return new Error(
    `nothing was done, as the new store would lack ${describeLeftOut(count)}: see what "ipam-node recover" without --yes says of them, or add --leave-out`,
  );
}

function describeLeftOut(count: number): string {
  return count === 1
    ? "1 reservation whose pool is not known and whose container may still run"
    : `${count} reservations whose pools are not known and whose containers may still run`;
}
