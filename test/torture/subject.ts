// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "../support/daemon.ts";
import { type Outcome, run } from "../support/executables.ts";

export type SubjectOptions = {
  readonly daemon: string;
  readonly site: Site;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its probes listen. */
  readonly probePort: number;
};

const RESTART_MS = 50;
const TAIL_CHARACTERS = 2000;

/** The daemon under torture, with somebody who starts it again when it ends, as kubelet does. */
export class Subject {
  readonly site: Site;
  /** Ends that nobody asked for, in words. */
  readonly deaths: string[] = [];
  readonly #options: SubjectOptions;
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  #wanted = false;

  constructor(options: SubjectOptions) {
    this.#options = options;
    this.site = options.site;
    this.#logFile = join(options.site.dir, "daemon.log");
  }

  /** Of the process that runs now; undefined between two. */
  get pid(): number | undefined {
    return this.#isRunning() ? this.#child?.pid : undefined;
  }

  /** Starts it and keeps it running. Does not wait until it serves. */
  start(): void {
    this.#wanted = true;
    this.#spawn();
  }

  /** Sends a signal to the process that runs now; one that ends it is no death that nobody asked for. */
  signal(signal: NodeJS.Signals): void {
    const child = this.#child;
    if (signal === "SIGKILL") this.expectEnd();
    child?.kill(signal);
  }

  /** The process that runs now is going to end. */
  expectEnd(): void {
    this.#child = undefined;
  }

  /** Ends it for good, and returns its exit status or signal. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined || !this.#isRunning()) {
      await this.#ended;
      return "not running";
    }
    child.kill(signal);
    await this.#ended;
    return child.exitCode ?? child.signalCode ?? "unknown";
  }

  /** What /readyz answers; undefined when nobody does. */
  async readyz(): Promise<{ readonly ready: boolean; readonly text: string } | undefined> {
    try {
      const url = `http://127.0.0.1:${this.#options.probePort}/readyz`;
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
      return { ready: response.status === 200, text: (await response.text()).trim() };
    } catch {
      return undefined; // not listening, or too busy to answer
    }
  }

  /** Whether /readyz comes to say what is wanted in time. */
  async becomes(wanted: "ready" | "not ready", withinMs: number): Promise<boolean> {
    for (const giveUp = Date.now() + withinMs; Date.now() < giveUp; await sleep(20)) {
      const answer = await this.readyz();
      if (answer !== undefined && answer.ready === (wanted === "ready")) return true;
    }
    return false;
  }

  /** A debug command against it. */
  debug(...args: string[]): Promise<Outcome> {
    const place = [`--bind-address=unix://${this.site.socket}`, `--store-file=${this.site.store}`];
    return run(this.#options.daemon, [...args, ...place]);
  }

  /** Rebuilds its store. */
  recover(...places: string[]): Promise<Outcome> {
    const way = ["--yes", "--leave-out"]; // what is left out has been released: its places tell of all that live
    const env = { PATH: process.env.PATH, HOME: this.site.dir }; // no access to a cluster of whoever runs this
    return run(this.#options.daemon, ["recover", ...way, `--store-file=${this.site.store}`, ...places], {
      env,
    });
  }

  logTail(): string {
    return readFileSync(this.#logFile, "utf8").slice(-TAIL_CHARACTERS);
  }

  #isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  #spawn(): void {
    const { daemon, flags, env } = this.#options;
    const log = openSync(this.#logFile, "a");
    // It dies with this process, whatever way that ends.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", daemon, ...flags], {
      stdio: ["ignore", "ignore", log],
      env: { PATH: process.env.PATH, HOME: this.site.dir, ...env },
    });
    closeSync(log);
    this.#child = child;
    this.#ended = once(child, "exit").then(() => this.#restart(child));
  }

  async #restart(child: ChildProcess): Promise<void> {
    if (this.#wanted && this.#child === child)
      this.deaths.push(`the daemon ended (${child.exitCode ?? child.signalCode}):\n${this.logTail()}`);
    if (!this.#wanted) return;
    await sleep(RESTART_MS);
    if (this.#wanted) this.#spawn();
  }
}
