// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../lib/log/log.ts";

// kubelet and users are promised an end within 5 s.
const STOP_DEADLINE_MS = 4500;

type Stoppable = { stop(): Promise<void> };

/**
 * Starts the program and ends the process with status 0 once SIGTERM or SIGINT came and it has stopped, by force when
 * that takes too long. A signal during the start ends the process at once: every step of a start can be repeated.
 * Rejects when the start fails.
 */
export async function runUntilSignal(start: () => Promise<Stoppable>, log: Logger): Promise<void> {
  let running: Stoppable | undefined;
  let stopping = false;
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === undefined) process.exit(0);
    if (stopping) return;
    stopping = true;
    log.info("stopping", { signal });
    setTimeout(() => {
      log.warn("stopping took too long, ended by force");
      process.exit(0);
    }, STOP_DEADLINE_MS);
    await running.stop();
    log.info("stopped");
    process.exit(0);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  running = await start();
}
