// SPDX-License-Identifier: Apache-2.0
import type { Subject } from "./subject.ts";
import { drawSvg } from "./svg-map.ts";

/** Maps one below the other, in one SVG document. */
export function drawSvgSheet(
  subjects: readonly Subject[],
  options: { readonly whole?: boolean } = {},
): string {
  const maps = subjects.map((subject) => drawSvg(subject, options));
  if (maps.length === 1) return maps[0]!.text;
  const width = Math.max(...maps.map((map) => map.width));
  const height = maps.reduce((sum, map) => sum + map.height, 0);
  let y = 0;
  const placed = maps.map((map) => {
    const text = map.text.replace("<svg ", `<svg y="${y}" `);
    y += map.height;
    return text;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">\n${placed.join("")}</svg>\n`;
}
