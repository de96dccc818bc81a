// SPDX-License-Identifier: Apache-2.0
import { formatAddress } from "../ip/address.ts";
import { describePool, poolKey } from "../pool/pool.ts";
import type { Finding } from "./finding.ts";
import type { Holding } from "./usage.ts";

/** Addresses that more than one pod shows. */
export function diagnoseAddresses(holdings: readonly Holding[]): Finding[] {
  const byAddress = new Map<string, Holding[]>();
  for (const holding of holdings) {
    const key = `${poolKey(holding.pool)} ${formatAddress(holding.address)}`;
    const others = byAddress.get(key) ?? [];
    if (!others.some(({ pod }) => pod.uid === holding.pod.uid)) byAddress.set(key, [...others, holding]);
  }
  return [...byAddress.values()].filter((holders) => holders.length > 1).map(duplicateFinding);
}

function duplicateFinding(holders: readonly Holding[]): Finding {
  const { pool, address } = holders[0]!;
  const ip = formatAddress(address);
  const pods = holders.map(({ pod }) => `${pod.namespace}/${pod.name} on ${pod.node}`).join(" and ");
  return {
    check: "addresses",
    severity: "error",
    message: `address ${ip} of ${describePool(pool)} is held more than once: by ${pods}`,
    fix: `delete all but one of the pods; kubectl nvipam who ${ip} tells which of them has a reservation`,
  };
}
