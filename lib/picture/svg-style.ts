// SPDX-License-Identifier: Apache-2.0

// From light to dark as a cell fills up: the steps differ in brightness, so they can be told apart without their hue. Free
// cells are lighter than the first step, and those of no node are empty frames.
const LEVELS = [
  "#a9d0ec",
  "#93c3e6",
  "#7cb5df",
  "#65a6d7",
  "#4f97cd",
  "#3a86c0",
  "#2873ad",
  "#1b5f95",
  "#104a78",
  "#082f52",
];

const levels = LEVELS.map((colour, i) => `.l${i + 1}{fill:${colour}}`).join("");

/** Colours of the Okabe-Ito set, which colour-blind eyes tell apart; excluded cells are hatched as well. */
export const STYLE = [
  `<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`,
  `<rect width="4" height="4" fill="#e8e2d4"/><rect width="1.5" height="4" fill="#8a8577"/></pattern></defs>`,
  `<style>.paper{fill:#fff}text{font:11px ui-monospace,monospace;fill:#222}.head{font-size:15px;font-weight:bold}`,
  `.node{font-size:10px;fill:#555}.cell{stroke:#fff;stroke-width:.5}.free{fill:#cdeedd}.excluded{fill:url(#hatch)}`,
  `.gateway{fill:#d55e00}.unassigned{fill:#fff;stroke:#ccc}${levels}</style>`,
].join("");

/** Class and text of each thing a cell can be; `isSingle`: it is one address, which is used or not. */
export function legendOf(isSingle: boolean): readonly (readonly [string, string])[] {
  const levels = [
    ["used l1", "a tenth used"],
    ["used l5", "half used"],
  ] as const;
  return [
    ["free", "free"],
    ...(isSingle ? [] : levels),
    ["used l10", isSingle ? "used" : "all used"],
    ["excluded", "excluded"],
    ["gateway", "gateway"],
    ["unassigned", "no node's"],
  ];
}
