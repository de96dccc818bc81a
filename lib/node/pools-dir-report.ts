// SPDX-License-Identifier: Apache-2.0
import type { LogFields, Logger } from "../log/log.ts";
import type { Problem } from "../pool/pool.ts";
import { describeProblems } from "../pool/report.ts";

/** Something to say about the directory; the same note in the next look at it is not said again. */
export type Note = {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  /** File and line. */
  readonly place?: string;
  readonly problems?: readonly Problem[];
  /** What problems say, where it is no field's. */
  readonly reason?: string;
  readonly fields?: LogFields;
  /** Not printed: a note about other content is another note. */
  readonly digest?: string;
};

/** A file that is something else altogether may hold a hundred thousand things that are no manifests. */
const MOST_AT_ONCE = 200;

/** Logs what was not among the notes of the time before. */
export function createReporter(log: Logger): (notes: readonly Note[]) => void {
  let said = new Set<string>();
  return (notes) => {
    const now = new Map(notes.map((note) => [JSON.stringify(note), note]));
    const fresh = [...now].filter(([key]) => !said.has(key)).map(([, note]) => note);
    for (const note of fresh.slice(0, MOST_AT_ONCE)) write(log, note);
    if (fresh.length > MOST_AT_ONCE) {
      log.warn("there is more to say of the manifests than is logged", { left: fresh.length - MOST_AT_ONCE });
    }
    said = new Set(now.keys());
  };
}

function write(log: Logger, { level, message, place, problems, reason, fields = {} }: Note): void {
  const text = reason ?? (problems && describeProblems(problems));
  const known = { ...(place !== undefined && { manifest: place }), ...fields };
  if (level === "error") log.error(message, new Error(text), known);
  else log[level](message, { ...known, ...(text !== undefined && { reason: text }) });
}
