// SPDX-License-Identifier: Apache-2.0

type Unit = {
  readonly letter: string;
  readonly seconds: number;
  /** From so many on this unit leads: before that, the smaller one says more ("90m", "47h"). */
  readonly leadsFrom: number;
  /** From so many on it stands alone: the smaller one says nothing any more. */
  readonly aloneFrom: number;
};

// The limits are those of kubectl, so that an age reads the same in both.
const UNITS: readonly Unit[] = [
  { letter: "y", seconds: 365 * 86_400, leadsFrom: 2, aloneFrom: 8 },
  { letter: "d", seconds: 86_400, leadsFrom: 2, aloneFrom: 8 },
  { letter: "h", seconds: 3600, leadsFrom: 3, aloneFrom: 8 },
  { letter: "m", seconds: 60, leadsFrom: 2, aloneFrom: 10 },
];

/** A duration as kubectl prints ages, "45s", "3d4h"; "0s" for one below zero (a clock that was set back). */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const at = UNITS.findIndex((unit) => seconds >= unit.seconds * unit.leadsFrom);
  const unit = UNITS[at];
  if (unit === undefined) return `${seconds}s`;
  const count = Math.floor(seconds / unit.seconds);
  const smaller = UNITS[at + 1] ?? { letter: "s", seconds: 1 };
  const rest = Math.floor((seconds % unit.seconds) / smaller.seconds);
  const more = rest === 0 || count >= unit.aloneFrom ? "" : `${rest}${smaller.letter}`;
  return `${count}${unit.letter}${more}`;
}
