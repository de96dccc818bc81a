// SPDX-License-Identifier: Apache-2.0
import { type Address, formatAddress } from "../ip/address.ts";
import { rangeSize } from "../ip/range.ts";
import { formatSubnet, subnetContains } from "../ip/subnet.ts";
import { countText } from "../pool/count-text.ts";
import { describePool } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import type { StoreFinding } from "./call.ts";
import type { PoolEntry, PoolTable, ServedShare } from "./pool-table.ts";
import type { StoreAudit } from "./store-audit.ts";
import type { StoreReader } from "./store-reader.ts";

/** So many are told one by one for each pool; the rest as a number. */
const MISPLACED_SHOWN = 20;
/** So many of a kind at most: a gRPC answer has 4 MiB. */
const SHOWN_OF_A_KIND = 500;

/** The database's own check, then whether rows, shares and the picture in memory fit each other; reads every row. */
export function checkStore({ audit }: StoreReader, table: PoolTable): StoreFinding[] {
  const findings = [
    ...audit.listIntegrityProblems().map((message) => ({ kind: "integrity" as const, message })),
    ...findDuplicates(audit, table),
    ...table.list().flatMap((entry) => checkPool(entry, audit)),
  ];
  return [...Map.groupBy(findings, ({ kind }) => kind)].flatMap(([kind, all]) => {
    if (all.length <= SHOWN_OF_A_KIND) return all;
    const message = `… and ${countText(all.length - SHOWN_OF_A_KIND, "more finding")} of this kind`;
    return [...all.slice(0, SHOWN_OF_A_KIND), { kind, message }];
  });
}

function findDuplicates(audit: StoreAudit, table: PoolTable): StoreFinding[] {
  return audit.listDuplicates().map(({ poolId, kind, text }) => {
    const pool = table.findById(poolId)?.ref;
    const message = `${kind} ${text} is reserved more than once`;
    return { kind: `duplicate-${kind}` as const, message, ...(pool !== undefined && { pool }) };
  });
}

function checkPool(entry: PoolEntry, audit: StoreAudit): StoreFinding[] {
  const { id, ref: pool, served, used } = entry;
  const stored = audit.countReservations(id);
  const findings: StoreFinding[] =
    served === undefined
      ? [
          {
            kind: "no-share",
            pool,
            message: `${countText(stored, "reservation")} in the ${describePool(pool)}, of which this node has no addresses`,
          },
        ]
      : checkServed(id, served, audit);
  if (used !== stored) {
    const message = `the ${describePool(pool)} holds ${countText(stored, "reservation")}, ${used} ${areText(used)} counted`;
    findings.push({ kind: "integrity", pool, message });
  }
  return findings;
}

function checkServed(poolId: number, { share, free }: ServedShare, audit: StoreAudit): StoreFinding[] {
  const { pool } = share;
  const { addresses, total } = audit.listMisplaced(poolId, share, MISPLACED_SHOWN);
  const findings: StoreFinding[] = addresses.map((address) => ({
    kind: "outside-share",
    pool,
    message: describePlace(share, address),
  }));
  if (total > addresses.length) {
    const message = `… and ${countText(total - addresses.length, "more reservation")} outside of the share of the ${describePool(pool)}`;
    findings.push({ kind: "outside-share", pool, message });
  }
  let counted = 0n;
  for (const range of free.choosable())
    counted += rangeSize(range) - BigInt(audit.countReservationsWithin(poolId, range));
  if (counted !== free.size) {
    const message = `${countText(counted, "address", "addresses")} of the ${describePool(pool)} ${areText(counted)} free, ${free.size} ${areText(free.size)} taken for free`;
    findings.push({ kind: "integrity", pool, message });
  }
  return findings;
}

function describePlace(share: Share, address: Address): string {
  const text = formatAddress(address);
  if (!subnetContains(share.subnet, address)) {
    return `${text} is outside of ${formatSubnet(share.subnet)} of the ${describePool(share.pool)}`;
  }
  const { family, first, last } = share.range;
  const range = `${formatAddress({ family, value: first })}-${formatAddress({ family, value: last })}`;
  return `${text} was chosen from an earlier share, this node's part of the ${describePool(share.pool)} is ${range}`;
}

function areText(count: number | bigint): string {
  return Number(count) === 1 ? "is" : "are";
}
