// SPDX-License-Identifier: Apache-2.0
import { shorten } from "../log/printable.ts";
import { isObject } from "../pool/fields.ts";
import type { ReadyCondition, ReadyReason } from "./pool-status.ts";
import { formatTime } from "./released-blocks.ts";

export type Verdict = { readonly reason: ReadyReason; readonly message: string };

// metav1.Condition allows 32768 characters; nobody reads so many.
const LONGEST_MESSAGE = 1024;

/** `conditions`: as they stand in status. The Ready among them is replaced, others stay as they are. */
export function setReady(
  conditions: unknown,
  { reason, message }: Verdict,
  { generation, nowMs }: { readonly generation: number; readonly nowMs: number },
): unknown[] {
  const all: unknown[] = Array.isArray(conditions) ? conditions : [];
  const before = all.find(isReady);
  const status = reason === "Allocated" ? "True" : "False";
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  const isTime = typeof since === "string" && !Number.isNaN(Date.parse(since));
  const ready: ReadyCondition = {
    type: "Ready",
    status,
    reason,
    message: shorten(message, LONGEST_MESSAGE),
    lastTransitionTime: isTime ? since : formatTime(nowMs),
    observedGeneration: generation,
  };
  return [ready, ...all.filter((condition) => isObject(condition) && !isReady(condition))];
}

function isReady(condition: unknown): condition is Readonly<Record<string, unknown>> {
  return isObject(condition) && condition.type === "Ready";
}

/** The first of many names: "a, b, c and 7 more". */
export function listNames(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return rest <= 0 ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${rest} more`;
}
