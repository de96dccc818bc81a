// SPDX-License-Identifier: Apache-2.0
// Runs programs of the unpacked image as a container runtime does: namespaces, mounts, user, capabilities. Needs root and gcc.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Namespace } from "../support/namespaces.ts";
import type { RunSpec } from "./manifest-pods.ts";

type Teardown = { teardown(end: () => unknown): void };

export type Runtime = {
  /** The unpacked image. */
  readonly root: string;
  /** confine.c, compiled. */
  readonly confine: string;
  /** Variables of the image's configuration. */
  readonly env: readonly string[];
};

export function compileConfine(dir: string): string {
  const program = join(dir, "confine");
  execFileSync("gcc", ["-O1", "-Wall", "-Wextra", "-o", program, join(import.meta.dirname, "confine.c")]);
  return program;
}

/** A place for a bind mount; runtimes make them too, before the root becomes read-only. */
function makePlace(root: string, from: string, to: string): void {
  const place = join(root, to);
  if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) return;
  mkdirSync(dirname(place), { recursive: true });
  if (statSync(from).isDirectory()) mkdirSync(place);
  else writeFileSync(place, "");
}

export type Container = {
  /** All that it has written to stderr so far, line by line. */
  readonly lines: readonly string[];
  /** The first line (seen or to come) that holds the text; rejects with the log when it ends without. */
  logged(text: string): Promise<string>;
  /** What the kernel says of it: the fields of /proc/PID/status. */
  status(): Readonly<Record<string, string>>;
  /** Its mounts by place: the options. */
  mounts(): Readonly<Record<string, string>>;
  /** A signal to its first process; the exit status. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  readonly exited: Promise<number | string>;
  readonly stdout: () => string;
};

/** The process that is number 1 in the container. */
function findFirst({ pid }: ChildProcess): number {
  const children = (of: number) => readFileSync(`/proc/${of}/task/${of}/children`, "utf8").trim();
  const first = Number(children(pid!).split(" ")[0]);
  if (!first) throw new Error("the container has no process");
  return first;
}

function argumentsOf({ root, confine, env }: Runtime, spec: RunSpec): string[] {
  const { uid, gid, capabilities, mounts, argv } = spec;
  for (const { from, to } of mounts) makePlace(root, from, to);
  for (const place of ["/proc", "/dev"]) mkdirSync(join(root, place), { recursive: true });
  const binds = mounts.flatMap(({ from, to, readOnly }) => [from, to, readOnly ? "ro" : "rw"]);
  const variables = Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);
  const identity = [confine, root, String(uid), String(gid), capabilities];
  const script = join(import.meta.dirname, "container.sh");
  return [script, ...identity, ...binds, "--", ...env, ...variables, "--", ...argv];
}

/** Starts a container in a pod's network; it is killed when the test ends. */
export function startContainer(
  t: Teardown,
  runtime: Runtime,
  { spec, network }: { readonly spec: RunSpec; readonly network: Namespace },
): Container {
  const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash"];
  const [file, ...before] = [...network.exec, ...unshare];
  const child = spawn(file!, [...before, ...argumentsOf(runtime, spec)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  const lines: string[] = [];
  let stdout = "";
  child.stdout!.on("data", (chunk: Buffer) => (stdout += chunk));
  const log = createInterface({ input: child.stderr! });
  log.on("line", (line) => lines.push(line));
  const logged = (text: string): Promise<string> =>
    new Promise((found, fail) => {
      const look = (): void => {
        const line = lines.find((candidate) => candidate.includes(text));
        if (line !== undefined) found(line);
      };
      look();
      log.on("line", look);
      log.on("close", () => fail(new Error(`it ended without ${text}:\n${lines.join("\n")}`)));
    });
  const read = (file: string) => readFileSync(`/proc/${findFirst(child)}/${file}`, "utf8").split("\n");
  return {
    ...{ lines, logged, exited, stdout: () => stdout },
    status: () => Object.fromEntries(read("status").map((line) => line.split(/:\s+/, 2) as [string, string])),
    mounts: () => Object.fromEntries(read("mounts").map((line) => [line.split(" ")[1], line.split(" ")[3]])),
    end(signal) {
      process.kill(findFirst(child), signal);
      return exited;
    },
  };
}
