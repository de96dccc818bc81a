// SPDX-License-Identifier: Apache-2.0

/**
 * Names of nodes for little room, by name: whole where all of them fit, else without what all begin and end with
 * ("worker-0012.example.com" → "0012"), and cut where even that is too long.
 */
export function shortenNames(names: readonly string[], width: number): Map<string, string> {
  const fits = names.every((name) => name.length <= width);
  const [head, tail] = fits || names.length < 2 ? [0, 0] : [commonHead(names), commonTail(names)];
  return new Map(
    names.map((name) => {
      const end = Math.max(head, name.length - tail);
      return [name, cut(name.slice(head, end) || name, width)];
    }),
  );
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Ends after a separator, so that a name is not cut within a number. */
function commonHead(names: readonly string[]): number {
  const [first = ""] = names;
  let length = 0;
  while (length < first.length && names.every((name) => name[length] === first[length])) length++;
  while (length > 0 && !/[-._]/.test(first[length - 1]!)) length--;
  return length;
}

function commonTail(names: readonly string[]): number {
  const [first = ""] = names;
  let length = 0;
  while (length < first.length && names.every((name) => name.at(-1 - length) === first.at(-1 - length)))
    length++;
  while (length > 0 && !/[-._]/.test(first.at(-length)!)) length--;
  return length;
}
