// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import { escapeControls } from "../log/printable.ts";
import type { Candidate, RecoverySource } from "../node/recover-candidates.ts";
import type { RecoveryConflict, RecoveryPlan } from "../node/recover-plan.ts";
import { reservationInfo } from "../node/service-answers.ts";
import { countText } from "../pool/count-text.ts";
import { describePool } from "../pool/pool.ts";
import { type ReservationRow, reservationRow } from "./reservation-row.ts";
import { Table } from "./table.ts";

export type RecoveredRow = ReservationRow & { readonly source: RecoverySource };

const HEADERS = ["POOL", "TYPE", "ADDRESS", "CONTAINER", "INTERFACE", "POD", "SOURCE"];

/** In JSON output: a contract with scripts. */
export function recoveredRow({ sequence: _sequence, ...candidate }: Candidate): RecoveredRow {
  return { ...reservationRow(reservationInfo(candidate)), source: candidate.source };
}

export function conflictRow({ kept, dropped }: RecoveryConflict): {
  kept: RecoveredRow;
  dropped: RecoveredRow;
} {
  return { kept: recoveredRow(kept), dropped: recoveredRow(dropped) };
}

/** A plan for people. */
export function formatPlan({ reservations, conflicts, notes }: RecoveryPlan): string {
  const rows = reservations.map(recoveredRow);
  const cells = rows.map((row) => [
    row.pool,
    row.poolType,
    row.address,
    row.containerId,
    row.interface,
    row.podNamespace === "" ? row.podName : `${row.podNamespace}/${row.podName}`,
    row.source,
  ]);
  return [
    `The new store will hold ${countText(rows.length, "reservation")}.\n`,
    rows.length === 0 ? "" : new Table(HEADERS).format(cells),
    ...conflicts.map((conflict) => `Conflict: ${escapeControls(describeConflict(conflict))}\n`),
    ...notes.map((note) => `Note: ${escapeControls(note)}\n`),
  ].join("");
}

function describeConflict({ kept, dropped }: RecoveryConflict): string {
  const address = `${formatAddress(kept.address)} of the ${describePool(kept.pool)}`;
  return `${address} is container ${describeHolder(kept)}; not ${describeHolder(dropped)}`;
}

function describeHolder({ containerId, interfaceName, source }: Candidate): string {
  return `${containerId} ${interfaceName} (${source})`;
}
