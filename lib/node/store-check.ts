// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import { rangeContains } from "../ip/range.ts";
import { formatSubnet, subnetContains } from "../ip/subnet.ts";
import { describePool } from "../pool/pool.ts";
import type { Share } from "../pool/share.ts";
import type { StoreFinding } from "./call.ts";
import { FreeAddresses } from "./free-addresses.ts";
import type { PoolEntry, PoolTable } from "./pool-table.ts";
import type { StoredAddress, StoreReader } from "./store-reader.ts";

/** The database's own check, then whether rows, shares and the picture in memory fit each other; reads every row. */
export function checkStore(read: StoreReader, table: PoolTable): StoreFinding[] {
  return [
    ...read.listIntegrityProblems().map((message) => ({ kind: "integrity" as const, message })),
    ...findDuplicates(read, table),
    ...table.list().flatMap((entry) => checkPool(entry, read.listAddresses(entry.id))),
  ];
}

function findDuplicates(read: StoreReader, table: PoolTable): StoreFinding[] {
  return read.listDuplicates().map(({ poolId, kind, text }) => {
    const pool = table.findById(poolId)?.ref;
    const message = `${kind} ${text} is reserved more than once`;
    return { kind: `duplicate-${kind}` as const, message, ...(pool !== undefined && { pool }) };
  });
}

function checkPool({ ref: pool, served, used }: PoolEntry, stored: readonly StoredAddress[]): StoreFinding[] {
  const reserved = stored.map(({ address }) => address);
  const findings: StoreFinding[] = [];
  if (served === undefined) {
    const message = `${stored.length} reservations in the ${describePool(pool)}, of which this node has no addresses`;
    findings.push({ kind: "no-share", pool, message });
  } else {
    const { share, free } = served;
    for (const one of stored) {
      const problem = findPlaceProblem(share, one);
      if (problem !== undefined) findings.push({ kind: "outside-share", pool, message: problem });
    }
    const counted = new FreeAddresses(share, reserved).size;
    if (counted !== free.size) {
      const message = `${counted} addresses of the ${describePool(pool)} are free, ${free.size} are taken for free`;
      findings.push({ kind: "integrity", pool, message });
    }
  }
  if (used !== stored.length) {
    const message = `the ${describePool(pool)} holds ${stored.length} reservations, ${used} are counted`;
    findings.push({ kind: "integrity", pool, message });
  }
  return findings;
}

/** Addresses that a caller named may lie anywhere in the subnet; those that were chosen only in the range. */
function findPlaceProblem(share: Share, { address, requested }: StoredAddress): string | undefined {
  const text = formatAddress(address);
  if (!subnetContains(share.subnet, address)) {
    return `${text} is outside of ${formatSubnet(share.subnet)} of the ${describePool(share.pool)}`;
  }
  if (requested !== false || rangeContains(share.range, address)) return undefined;
  const { family, first, last } = share.range;
  const range = `${formatAddress({ family, value: first })}-${formatAddress({ family, value: last })}`;
  return `${text} was chosen from an earlier share, this node's part of the ${describePool(share.pool)} is ${range}`;
}
