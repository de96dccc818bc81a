// SPDX-License-Identifier: Apache-2.0
// One long-running program of the test cluster.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A program that runs. */
export type Program = {
  readonly pid: number;
  /** SIGSTOP, and waits until every thread stands still. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL, and waits until it is gone; nothing when it already is. */
  kill(): Promise<void>;
};

export type ProgramOptions = {
  readonly args: readonly string[];
  /** Where stdout and stderr go, appended. */
  readonly logFile: string;
  /** Asked again and again until it is true; failing counts as not yet. */
  readonly ready: () => Promise<boolean>;
};

const READY_WITHIN_MS = 60_000;

// The state is the first field after the program's name in parentheses (proc_pid_stat(5)).
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).every((task) =>
    /\) T [^)]*$/.test(readFileSync(`${tasks}/${task}/stat`, "utf8")),
  );
}

/**
 * Starts a program and waits until it is ready. It dies with this process, whatever way that ends. Rejects with the end
 * of its log when it exits first or is not ready within a minute.
 */
export async function startProgram(file: string, options: ProgramOptions): Promise<Program> {
  const log = openSync(options.logFile, "a");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", file, ...options.args], {
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const ended = once(child, "exit");
  const isEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const program: Program = {
    pid: child.pid!,
    pause: async () => {
      child.kill("SIGSTOP");
      while (!isStopped(child.pid!)) await sleep(5);
    },
    resume: () => void child.kill("SIGCONT"),
    kill: async () => {
      if (isEnded()) return;
      child.kill("SIGKILL");
      await ended;
    },
  };
  const giveUp = Date.now() + READY_WITHIN_MS;
  while (!(await options.ready().catch(() => false))) {
    if (isEnded() || Date.now() > giveUp) {
      await program.kill();
      const text = readFileSync(options.logFile, "utf8").slice(-3000);
      throw new Error(`${file} ${isEnded() ? "ended" : "is not ready"}:\n${text}`);
    }
    await sleep(25);
  }
  return program;
}

/**
 * A port of the loopback address that nobody listens on. It is below the range from which the kernel takes the local
 * ports of connections, so nobody gets it while a server that had it is down for a moment.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer();
    const free = await new Promise<boolean>((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => done(true));
    });
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}
