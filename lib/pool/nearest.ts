// SPDX-License-Identifier: Apache-2.0

/** The word a mistyped one was meant to be, case aside; undefined when nearly half of it would have to change. */
export function findNearest(word: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = word.length * 0.4;
  for (const candidate of known) {
    const edits = countEdits(word.toLowerCase(), candidate.toLowerCase());
    if (edits <= fewest && (nearest === undefined || edits < fewest)) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/**
 * How many letters must be added, dropped, replaced or swapped with the next one (optimal string alignment); a word longer
 * than any field name counts as entirely different.
 */
function countEdits(a: string, b: string): number {
  if (a.length > 64) return a.length;
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1]!;
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? rows[i - 2]![j - 2]! + 1 : replaced;
      row.push(Math.min(replaced, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
