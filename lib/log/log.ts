// SPDX-License-Identifier: Apache-2.0

/** Facts of an event, printed as key and value. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where daemon and controller say what happens. Each event is logged once, at the edge. */
export type Logger = {
  /** The same logger under a sub-name, "node" → "node.cleaner". */
  named(name: string): Logger;
  /** `v`: verbosity from 0 (always shown); shown when not above the --v level. */
  info(message: string, fields?: LogFields, v?: number): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, error: unknown, fields?: LogFields): void;
};
