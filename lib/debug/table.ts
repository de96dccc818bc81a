// SPDX-License-Identifier: Apache-2.0
import { escapeControls } from "../log/printable.ts";
import { displayWidth } from "./display-width.ts";

const GAP = "   ";

/**
 * A table that comes in pages, so that a long one needs no memory: a column is as wide as its widest cell so far. What
 * is stored may hold anything a caller sent, so no cell can break a line or steer a terminal.
 */
export class Table {
  readonly #headers: readonly string[];
  readonly #widths: number[];
  #begun = false;

  constructor(headers: readonly string[]) {
    this.#headers = headers;
    this.#widths = headers.map(displayWidth);
  }

  /** The rows as lines, with the header before the first ones; every row has a cell for each header. */
  format(rows: readonly (readonly string[])[]): string {
    const cells = rows.map((row) => row.map(printable));
    for (const row of cells) {
      for (const [i, cell] of row.entries()) {
        const width = displayWidth(cell);
        if (width > this.#widths[i]!) this.#widths[i] = width;
      }
    }
    const lines = (this.#begun ? cells : [this.#headers, ...cells]).map((row) => this.#line(row));
    this.#begun = true;
    return lines.map((line) => `${line}\n`).join("");
  }

  #line(row: readonly string[]): string {
    const last = row.length - 1;
    return row
      .map((cell, i) => (i === last ? cell : cell + " ".repeat(this.#widths[i]! - displayWidth(cell))))
      .join(GAP);
  }
}

function printable(text: string): string {
  return text === "" ? "-" : escapeControls(text);
}
