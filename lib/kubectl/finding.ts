// SPDX-License-Identifier: Apache-2.0

/** Something that is not as it should be: an element of doctor's JSON output, a contract with scripts. */
export type Finding = {
  /** What was looked at. */
  readonly check:
    | "definitions"
    | "rbac"
    | "controller"
    | "pools"
    | "addresses"
    | "daemons"
    | "clocks"
    // What a daemon's own check looked at.
    | "socket"
    | "store"
    | "reservations"
    | "plugin"
    | "configuration"
    | "permissions";
  /** error: pods get no addresses or wrong ones, or are in danger of it; warning: it works, but not as intended. */
  readonly severity: "error" | "warning";
  /** One sentence that names the thing. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  /** The node it is about; absent: it is about the cluster. */
  readonly node?: string;
};

/** What was found, and what could not be looked at. */
export type Diagnosis = {
  readonly findings: readonly Finding[];
  /** One sentence each. */
  readonly unchecked: readonly string[];
};

export const nothing: Diagnosis = { findings: [], unchecked: [] };

export function joinDiagnoses(diagnoses: readonly Diagnosis[]): Diagnosis {
  return {
    findings: diagnoses.flatMap(({ findings }) => findings),
    unchecked: diagnoses.flatMap(({ unchecked }) => unchecked),
  };
}
