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

/** Levenshtein distance; words longer than any field name count as entirely different. */
function countEdits(a: string, b: string): number {
  if (a.length > 64) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
