// SPDX-License-Identifier: Apache-2.0

/** Something that is not as it should be: an element of the JSON output, a contract with scripts. */
export type CheckFinding = {
  /** What was looked at. */
  readonly check: "socket" | "store" | "reservations" | "pools" | "plugin" | "configuration" | "permissions";
  /** error: addresses are wrong, missing or in danger; warning: it works, but not as intended. */
  readonly severity: "error" | "warning";
  /** One sentence that names the thing. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
};
