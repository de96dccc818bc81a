// SPDX-License-Identifier: Apache-2.0
import type { LogFields, Logger } from "../../lib/log/log.ts";

/** A logger that says nothing. */
export const silentLog: Logger = {
  named: () => silentLog,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export type LogEvent = { readonly level: string; readonly message: string; readonly fields?: LogFields };

/** A logger that keeps what it was told. */
export function recordingLog(): { readonly log: Logger; readonly events: LogEvent[] } {
  const events: LogEvent[] = [];
  const log: Logger = {
    named: () => log,
    info: (message, fields = {}) => events.push({ level: "info", message, fields }),
    warn: (message, fields = {}) => events.push({ level: "warn", message, fields }),
    error: (message, error, fields = {}) =>
      events.push({ level: "error", message, fields: { ...fields, error } }),
  };
  return { log, events };
}
