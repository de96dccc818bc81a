// SPDX-License-Identifier: Apache-2.0
import type { LogFields, Logger } from "./log.ts";
import { describeError, escapeControls, toJson } from "./printable.ts";

export type LogFormat = "text" | "json";

export type LineLoggerOptions = {
  readonly format: LogFormat;
  /** Events of a higher `v` are left out; from 2 on errors come with their stack. */
  readonly verbosity: number;
  /** First part of every logger name. */
  readonly name: string;
  /** Takes one whole line, line feed included. Must not throw. */
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
};

type Level = "info" | "warn" | "error";

type Event = {
  readonly timeMs: number;
  readonly level: Level;
  readonly logger: string;
  readonly message: string;
  readonly v: number;
  readonly error?: string;
  readonly fields: LogFields;
};

const STACK_VERBOSITY = 2;
const FIXED_KEYS = new Set(["ts", "level", "logger", "msg", "v", "err"]);

/**
 * One JSON object; a field that is named as a fixed key gets an underscore after its name, so no key comes twice.
 * Written member by member: a field that cannot be printed costs that field only.
 */
function jsonLine(event: Event): string {
  const members: [string, unknown][] = [
    ["ts", event.timeMs],
    ["level", event.level],
    ["logger", event.logger],
    ["msg", event.message],
    ["v", event.v],
  ];
  if (event.error !== undefined) members.push(["err", event.error]);
  for (const [key, value] of Object.entries(event.fields)) {
    if (value !== undefined) members.push([FIXED_KEYS.has(key) ? `${key}_` : key, value]);
  }
  return `{${members.map(([key, value]) => `${toJson(key)}:${toJson(value)}`).join(",")}}`;
}

const BARE = /^[\w.:/@%+,[\]-]+$/;

function textValue(value: unknown): string {
  const text = typeof value === "string" ? escapeControls(value) : toJson(value);
  return BARE.test(text) || typeof value === "object" ? text : toJson(value);
}

/** "TIME LEVEL LOGGER MESSAGE key=value …"; text with blanks in it is quoted. */
function textLine(event: Event): string {
  const facts = Object.entries(event.fields).filter(([, value]) => value !== undefined);
  if (event.error !== undefined) facts.unshift(["err", event.error]);
  const pairs = facts.map(([key, value]) => ` ${escapeControls(key)}=${textValue(value)}`);
  const time = new Date(event.timeMs).toISOString();
  const level = event.level.padEnd(5);
  return `${time} ${level} ${escapeControls(event.logger)} ${escapeControls(event.message)}${pairs.join("")}`;
}

/**
 * A logger that writes each event as one line, whatever its texts hold: nothing that a caller sends can add a line or
 * steer a terminal.
 */
export function createLineLogger(options: LineLoggerOptions): Logger {
  const { format, verbosity, name, write, now = Date.now } = options;
  const print = format === "json" ? jsonLine : textLine;
  const emit = (event: Omit<Event, "timeMs" | "logger">): void =>
    write(`${print({ ...event, timeMs: now(), logger: name })}\n`);
  return {
    named: (sub) => createLineLogger({ ...options, name: `${name}.${sub}` }),
    info(message, fields = {}, v = 0) {
      if (v <= verbosity) emit({ level: "info", message, v, fields });
    },
    warn(message, fields = {}) {
      emit({ level: "warn", message, v: 0, fields });
    },
    error(message, error, fields = {}) {
      const stack = verbosity >= STACK_VERBOSITY && error instanceof Error ? { stack: error.stack } : {};
      emit({ level: "error", message, v: 0, error: describeError(error), fields: { ...fields, ...stack } });
    },
  };
}
