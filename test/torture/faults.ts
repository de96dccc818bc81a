// SPDX-License-Identifier: Apache-2.0
import { apiFaults } from "./api-faults.ts";
import { diskFaults } from "./disk-faults.ts";
import type { Fault, Need } from "./fault.ts";
import { processFaults } from "./process-faults.ts";
import { proofFaults } from "./proof-faults.ts";
import { storeFaults } from "./store-faults.ts";

export const faults: readonly Fault[] = [
  ...processFaults,
  ...diskFaults,
  ...storeFaults,
  ...apiFaults,
  ...proofFaults,
];

/** The faults that can happen here, and for the others what is missing. */
export function selectFaults(
  named: readonly string[],
  missing: (need: Need) => string | undefined,
): { readonly usable: readonly Fault[]; readonly skipped: readonly string[] } {
  const wanted =
    named.length === 0 ? faults.filter(({ isProof }) => !isProof) : named.map((name) => findFault(name));
  const usable: Fault[] = [];
  const skipped: string[] = [];
  for (const fault of wanted) {
    const lack = fault.needs.map(missing).find((reason) => reason !== undefined);
    if (lack === undefined) usable.push(fault);
    else skipped.push(`${fault.name}: ${lack}`);
  }
  return { usable, skipped };
}

function findFault(name: string): Fault {
  const found = faults.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new Error(`--faults: ${name} is none of ${faults.map((fault) => fault.name).join(", ")}`);
}
