// SPDX-License-Identifier: Apache-2.0

// Unicode's East Asian Width W and F in the blocks that matter, and emoji (UAX #11).
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
// Marks sit on the letter before them; format characters (joiners) have no width of their own.
const NARROWLESS = /[\p{Mn}\p{Me}\p{Cf}]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** How many columns of a terminal the text takes; it holds no control characters. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += NARROWLESS.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}
