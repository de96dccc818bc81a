// SPDX-License-Identifier: Apache-2.0
import type { Problem } from "./pool.ts";

/** Notes one problem of a manifest; see Problem for the two texts. */
export type Report = (field: string, message: string) => void;

/** As "spec.subnet: is required; spec.routes: need spec.gateway". */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ");
}
