// SPDX-License-Identifier: Apache-2.0
// The second half of the oracle: what the daemon holds, against what callers have been told.
import { duplicates, type ListedReservation } from "../support/reservations.ts";
import { type Attachment, type Ledger, name, placeOf, type Violation } from "./ledger.ts";

/** How a recovery names the second address of a container of which it finds two; DEL takes it along. */
const SECOND = /^(second:)+/;

/** Compares while no call is running. Reservations of containers in `foreign` are somebody else's matter. */
export function audit(
  { attachments }: Ledger,
  listed: readonly ListedReservation[],
  foreign: ReadonlySet<string> = new Set(),
): Violation[] {
  const rows = Map.groupBy(
    listed.filter(({ containerId }) => !foreign.has(containerId)),
    (row) => `${row.containerId.replace(SECOND, "")}/${row.interface}`,
  );
  const known = new Set(attachments.map(name));
  return [
    ...duplicates(listed.map(({ poolType, pool, address }) => `${poolType}/${pool} ${address}`)).map(
      (place): Violation => ({ kind: "duplicate", text: `${place} is reserved twice` }),
    ),
    ...[...rows.keys()]
      .filter((holder) => !known.has(holder))
      .map((holder): Violation => ({ kind: "leak", text: `${holder} never asked, and has a reservation` })),
    ...attachments.flatMap((attachment) => auditOne(attachment, rows.get(name(attachment)) ?? [])),
  ];
}

function auditOne(attachment: Attachment, rows: readonly ListedReservation[]): Violation[] {
  const { state, addresses, wish, isDoubtful } = attachment;
  const found = rows.map(({ poolType, pool, address }) => `${poolType}/${pool} ${address}`);
  const say = (kind: Violation["kind"], text: string): Violation[] => [
    { kind, text: `${name(attachment)} ${text}; the daemon holds ${found.join(", ") || "nothing"} for it` },
  ];
  if (state === "held") {
    const told = addresses.map((address, i) => placeOf(attachment, i, address));
    if (told.every((place) => found.includes(place)))
      return found.length === told.length || isDoubtful ? [] : say("leak", `was told ${told.join(", ")}`);
    return say("loss", `was told ${told.join(", ")}`);
  }
  if (state === "free") return found.length === 0 ? [] : say("leak", "has been released");
  // All or nothing also where nobody was told.
  return found.length === 0 || found.length === wish.pools.length || isDoubtful
    ? []
    : say("half", `asked ${wish.pools.join(" and ")}`);
}
