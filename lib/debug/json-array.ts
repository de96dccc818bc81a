// SPDX-License-Identifier: Apache-2.0
import { toJson } from "../log/printable.ts";
import type { Terminal } from "./terminal.ts";

/**
 * A JSON array that comes in pages, one element on a line; a failure on the way leaves it open, so that nobody takes it
 * for whole. Control characters are escaped, which means the same to a JSON parser and nothing to a terminal.
 */
export async function printJsonArray(
  terminal: Terminal,
  pages: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>,
): Promise<void> {
  let begun = false;
  for await (const page of pages) {
    if (page.length === 0) continue;
    const text = page.map((element) => `  ${toJson(element)}`).join(",\n");
    if (!(await terminal.print(`${begun ? ",\n" : "[\n"}${text}`))) return;
    begun = true;
  }
  await terminal.print(begun ? "\n]\n" : "[]\n");
}
