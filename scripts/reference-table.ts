// SPDX-License-Identifier: Apache-2.0

/** A Markdown table; bars and line breaks inside of cells are no borders. */
export function markdownTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(headers), `|${" --- |".repeat(headers.length)}`, ...rows.map(line)];
}

/** Text as code; "" stays empty. */
export function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

function cell(text: string): string {
  return text.replace(/\s+/g, " ").trim().replaceAll("|", "\\|");
}
