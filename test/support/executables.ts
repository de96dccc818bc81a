// SPDX-License-Identifier: Apache-2.0
import { type SpawnOptions, spawn } from "node:child_process";
import { join, resolve } from "node:path";

const dist = resolve(import.meta.dirname, "../../dist");

/** What scripts/build leaves. */
export const executables = {
  plugin: join(dist, "nv-ipam"),
  daemon: join(dist, "ipam-node"),
  controller: join(dist, "ipam-controller"),
  kubectlPlugin: join(dist, "kubectl-nvipam"),
  kubectlCompletion: join(dist, "kubectl_complete-nvipam"),
  kubectlScript: join(dist, "kubectl-nvipam.js"),
  arm64Plugin: join(dist, "arm64", "nv-ipam"),
  arm64Daemon: join(dist, "arm64", "ipam-node"),
};

export type Outcome = {
  /** The exit status, or the signal's name. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a program to its end; rejects only when it cannot be started. */
export function run(
  file: string,
  args: readonly string[],
  options: SpawnOptions & { readonly input?: string | Buffer } = {},
): Promise<Outcome> {
  return new Promise((done, fail) => {
    const { input, ...rest } = options;
    const child = spawn(file, args, { ...rest, stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr!.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", fail);
    child.on("close", (code, signal) =>
      done({
        status: code ?? signal ?? "unknown",
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    );
    child.stdin!.on("error", () => undefined); // a program that does not read its input closes it early
    child.stdin!.end(input ?? "");
  });
}
