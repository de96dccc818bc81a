// SPDX-License-Identifier: Apache-2.0
import { Table } from "../debug/table.ts";
import { drawBar } from "../picture/bar.ts";

/** A line of a table that ends with a bar. */
export type LevelRow = {
  /** One for each header but the bar's. */
  readonly cells: readonly string[];
  readonly used: bigint;
  readonly capacity: bigint;
};

/** A table whose last column shows how full each line is. */
export function formatWithBars(
  headers: readonly string[],
  rows: readonly LevelRow[],
  hasColour: boolean,
): string {
  const bars = rows.map(({ used, capacity }) => drawBar(used, capacity, false));
  const text = new Table(headers).format(rows.map(({ cells }, i) => [...cells, bars[i]!]));
  if (!hasColour) return text;
  // Afterwards: the table takes every cell for text that must not steer the terminal.
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const painted = rows.map(({ used, capacity }, i) => {
    return lines[i]!.slice(0, -bars[i]!.length) + drawBar(used, capacity, true);
  });
  return [head, ...painted].map((line) => `${line}\n`).join("");
}
