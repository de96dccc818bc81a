// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createInterface } from "node:readline";
import { escapeControls } from "../log/printable.ts";
import { type Screen, screenOf } from "../picture/screen.ts";

/** Where a debug command's output goes and its questions come from. */
export type Terminal = {
  /** Whether a person reads the output as it comes. */
  readonly isWatched: boolean;
  /** What pictures are drawn for. */
  readonly screen: Screen;
  /**
   * To standard output; resolves when it is handed over. False: the reader has gone (as after "| head"), and more output
   * is of no use. Rejects when it cannot be written (a full disk).
   */
  print(text: string): Promise<boolean>;
  /** One line beside the output, to standard error. */
  note(line: string): void;
  /** Asks a yes-or-no question; undefined where nobody can answer. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
  setExitStatus(status: number): void;
};

/** The terminal, pipes or files that the process was started with; they are not touched before they are needed. */
export function processTerminal(): Terminal {
  return {
    get isWatched() {
      return process.stdout.isTTY === true;
    },
    get screen() {
      return screenOf(process.stdout, process.env);
    },
    print: (text) => write(process.stdout, text),
    note(line) {
      keepErrors(process.stderr);
      process.stderr.write(`${escapeControls(line)}\n`);
    },
    get confirm() {
      return process.stdin.isTTY === true && process.stderr.isTTY === true ? confirm : undefined;
    },
    setExitStatus(status) {
      process.exitCode = status;
    },
  };
}

const ignore = (): void => undefined;

/** An error that nobody listens for would end the process with a stack trace. */
function keepErrors(stream: NodeJS.WriteStream): void {
  if (stream.listenerCount("error") === 0) stream.on("error", ignore);
}

function write(stream: NodeJS.WriteStream, text: string): Promise<boolean> {
  keepErrors(stream);
  return new Promise((done, fail) => {
    stream.write(text, (error) => {
      if (error === undefined || error === null) return done(true);
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return done(false);
      fail(new Error("cannot write the output", { cause: error }));
    });
  });
}

/** Anything but "y" or "yes" is no, and so is the end of the input. */
async function confirm(question: string): Promise<boolean> {
  process.stderr.write(`${escapeControls(question)} [y/N] `);
  // No line editing: so the terminal itself turns Ctrl-C into the signal that ends the process.
  const lines = createInterface({ input: process.stdin, terminal: false });
  const ended = once(lines, "close").then(() => "");
  const answer = await Promise.race([once(lines, "line").then(([line]) => String(line)), ended]);
  lines.close();
  return /^\s*y(es)?\s*$/i.test(answer);
}
