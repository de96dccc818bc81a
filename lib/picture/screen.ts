// SPDX-License-Identifier: Apache-2.0

/** What a picture is drawn for. */
export type Screen = {
  readonly columns: number;
  readonly lines: number;
  readonly hasColour: boolean;
};

type Output = { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

// A file or a pipe is read on some terminal later: the size that every one has.
const STANDARD = { columns: 80, lines: 24 };

/** Of a standard output. Colour only where a terminal shows it and the user has not declined it (NO_COLOR, TERM=dumb). */
export function screenOf({ isTTY, columns, rows }: Output, env: NodeJS.ProcessEnv): Screen {
  if (isTTY !== true) return { ...STANDARD, hasColour: false };
  return {
    columns: columns || STANDARD.columns,
    lines: rows || STANDARD.lines,
    hasColour: !env.NO_COLOR && env.TERM !== "dumb",
  };
}
