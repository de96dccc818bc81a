// SPDX-License-Identifier: Apache-2.0
// The executables' entry, run from source as a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { ipPool } from "../support/daemon.ts";
import { type Outcome, run } from "../support/executables.ts";

export const entry = resolve(import.meta.dirname, "../../cmd/main.ts");

// Without what tap adds for the processes that it starts.
const env = { ...process.env, NODE_OPTIONS: "" };

/** Runs it to its end, under the name of an executable. */
export function runEntry(args: readonly string[], argv0 = "ipam-node"): Promise<Outcome> {
  return run(process.execPath, [entry, ...args], { argv0, env, timeout: 60_000 });
}

type Teardown = { teardown(end: () => unknown): void };

/** A directory with all that a daemon needs, and the flags that name it. */
export function makePlaces(t: Teardown): { dir: string; socket: string; flags: string[] } {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-entry-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ["pools", "store", "bin", "conf"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "pools/p.json"), ipPool("p", { subnet: "10.0.0.0/24", perNodeBlockSize: 50 }));
  writeFileSync(join(dir, "plugin"), "#!/bin/sh\n", { mode: 0o755 });
  const socket = join(dir, "daemon.sock");
  const flags = [
    "--node-name=node-a",
    `--pools-dir=${dir}/pools`,
    `--store-file=${dir}/store/store`,
    `--bind-address=unix://${socket}`,
    `--cni-nv-ipam-bin-file=${dir}/plugin`,
    `--cni-bin-dir=${dir}/bin`,
    `--cni-conf-dir=${dir}/conf`,
    `--cni-log-file=${dir}/cni.log`,
    "--health-probe-bind-address=0",
    "--metrics-bind-address=0",
    "--logging-format=json",
  ];
  return { dir, socket, flags };
}

export type Line = Readonly<Record<string, unknown>> & { readonly msg: string };

export type Running = {
  readonly process: ChildProcess;
  readonly lines: readonly Line[];
  /** Ends it and waits: the exit status or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
};

/** Starts a daemon and waits for the log message; rejects with its log when it ends before. */
export async function startEntry(t: Teardown, flags: readonly string[], until = "ready"): Promise<Running> {
  const child = spawn(process.execPath, [entry, ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
    env,
  });
  const exited = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  t.teardown(() => child.kill("SIGKILL"));
  const lines: Line[] = [];
  await new Promise<void>((done, fail) => {
    const text: string[] = [];
    const log = createInterface({ input: child.stderr! });
    log.on("line", (line) => {
      text.push(line);
      const parsed = JSON.parse(line) as Line;
      lines.push(parsed);
      if (parsed.msg === until) done();
    });
    log.on("close", () => fail(new Error(`ended without "${until}":\n${text.join("\n")}`)));
  });
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  return { process: child, lines, end };
}
