// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../lib/log/log.ts";

// kubelet and users are promised an end within 5 s.
const STOP_DEADLINE_MS = 4500;

type Program = {
  /** Resolves when only a new process can go on. */
  readonly died: Promise<Error>;
  stop(): Promise<void>;
};

/** Stops the program and ends the process, by force when stopping takes too long. */
async function end(program: Program, status: number, log: Logger): Promise<never> {
  setTimeout(() => {
    log.warn("stopping took too long, ended by force");
    process.exit(status);
  }, STOP_DEADLINE_MS);
  await program.stop();
  log.info("stopped");
  process.exit(status);
}

/**
 * Starts the program and ends the process with status 0 once SIGTERM or SIGINT came and it has stopped; with status 1 when
 * it died. A signal during the start ends the process at once: every step of a start can be repeated.
 * Rejects when the start fails.
 */
export async function runUntilSignal(start: () => Promise<Program>, log: Logger): Promise<void> {
  let program: Program | undefined;
  let ending = false;
  const finish = (status: number): void => {
    if (program === undefined) process.exit(status);
    if (ending) return;
    ending = true;
    void end(program, status, log);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    log.info("stopping", { signal });
    finish(0);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  program = await start();
  const error = await program.died;
  log.error("a new process is needed", error);
  finish(1);
}
