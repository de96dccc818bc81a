// SPDX-License-Identifier: Apache-2.0
import type { Platform } from "./platform.ts";

/** From what is always written to what is hardly ever. */
const LEVELS = ["panic", "error", "warning", "info", "debug", "verbose"] as const;

type Level = (typeof LEVELS)[number];

/** The plugin's log file. Lines are collected and written at once, so that those of parallel calls do not mix. */
export class Journal {
  readonly #platform: Platform;
  #file = "";
  #level: Level = "info";
  #lines = "";

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** From here on lines are kept; before, nobody knows where they should go. */
  open(file: string, level: string): void {
    const known = LEVELS.find((name) => name === level.toLowerCase());
    if (known === undefined)
      this.#platform.writeStderr(`nv-ipam: unknown logLevel ${JSON.stringify(level)}, logging at info\n`);
    this.#level = known ?? "info";
    this.#file = file;
  }

  /** Whether lines of a level are written; for those that are costly to make. */
  shows(level: Level): boolean {
    return this.#file !== "" && LEVELS.indexOf(level) <= LEVELS.indexOf(this.#level);
  }

  log(level: Level, text: string): void {
    if (!this.shows(level)) return;
    const time = new Date(this.#platform.nowMs()).toISOString();
    this.#lines += `${time} [${level}] ${oneLine(text)}\n`;
  }

  /** Writes what was logged since the last flush. A log that cannot be written does not fail the call. */
  flush(): void {
    if (this.#lines === "") return;
    const problem = this.#platform.appendLog(this.#file, this.#lines);
    this.#lines = "";
    if (problem === undefined) return;
    this.#platform.writeStderr(`nv-ipam: cannot write the log file ${this.#file}: ${problem}\n`);
    this.#file = "";
  }
}

/** What a caller or a daemon says cannot start a line of its own. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f\u2028\u2029]/g, (character) => JSON.stringify(character).slice(1, -1));
}
