// SPDX-License-Identifier: Apache-2.0

/** Why a store that is there cannot be used. */
export type StoreProblem = {
  /** Behind "store PATH". */
  readonly text: string;
  /** Whether "ipam-node recover" can help; else the store is whole, but another program's or version's. */
  readonly isDamage: boolean;
};

export function damage(detail: string): StoreProblem {
  return { text: `is damaged (${detail})`, isDamage: true };
}

/**
 * The problem with the way out. A start that moved a damaged store aside would come up empty the next time and give its
 * addresses twice, so it stays, and the way out is a person's.
 */
export function faultMessage(path: string, { text, isDamage }: StoreProblem): string {
  const way = isDamage
    ? `it stays where it is and no address is given until "ipam-node recover --store-file ${path}" has rebuilt it`
    : `it stays untouched and no address is given until ipam-node is stopped and ${path} and ${path}-wal are moved away`;
  return `store ${path} ${text}; ${way}`;
}
