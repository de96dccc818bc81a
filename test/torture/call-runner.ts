// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type AskedCall = {
  readonly command: "ADD" | "DEL" | "CHECK";
  readonly container: string;
  readonly ifName: string;
  readonly args: string;
  readonly conf: unknown;
};

export type EndedCall = {
  /** The exit status, or minus the signal's number. */
  readonly status: number;
  /** From before the process was made until it had ended. */
  readonly ms: number;
  /** How much of that it was ready to run and had no processor. */
  readonly waitedMs: number;
  readonly stdout: string;
};

/** Runs plugin processes; see call-runner.c. */
export type CallRunner = {
  call(asked: AskedCall): Promise<EndedCall>;
  stop(): Promise<void>;
};

/** Compiles the runner into the directory and starts it. It ends with this process. */
export function startCallRunner(dir: string, plugin: string): CallRunner {
  const program = join(dir, "call-runner");
  execFileSync("gcc", ["-O2", "-pthread", "-o", program, join(import.meta.dirname, "call-runner.c")]);
  const child = spawn(program, [plugin], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const waiting = new Map<string, (call: EndedCall) => void>();
  let asked = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [id = "", status = "", ns = "", waitedNs = "", stdout = ""] = line.split("\t");
    const [ms, waitedMs] = [Number(ns) / 1e6, Number(waitedNs) / 1e6];
    waiting.get(id)?.({ status: Number(status), ms, waitedMs, stdout });
    waiting.delete(id);
  });
  return {
    call: ({ command, container, ifName, args, conf }) =>
      new Promise((done) => {
        const id = String(asked++);
        waiting.set(id, done);
        child.stdin.write(`${[id, command, container, ifName, args, JSON.stringify(conf)].join("\t")}\n`);
      }),
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
