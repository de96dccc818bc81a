// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import type { Exec, ExecOutcome } from "../lib/kubectl/ask-daemon.ts";
import type { ConnectOptions } from "../lib/kubectl/session.ts";

const TIMEOUT_MS = 30_000;
const LARGEST_OUTPUT = 64 * 2 ** 20;

/** Commands in containers by the kubectl on PATH, which the user of a plugin of it has, with the same access. */
export function kubectlExec({ kubeconfig, context }: ConnectOptions): Exec {
  const access = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
  ];
  return ({ namespace, pod, container, command }) =>
    runKubectl([...access, "exec", "-n", namespace, pod, "-c", container, "--", ...command]);
}

function runKubectl(args: readonly string[]): Promise<ExecOutcome> {
  return new Promise((done, fail) => {
    const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    const keep = (stream: keyof typeof output) => (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_OUTPUT) child.kill();
      else output[stream].push(chunk);
    };
    child.stdout.on("data", keep("stdout"));
    child.stderr.on("data", keep("stderr"));
    child.on("error", (error) => fail(new Error("kubectl cannot be run", { cause: error })));
    child.on("close", (code, signal) => {
      if (signal !== null) {
        const why =
          size > LARGEST_OUTPUT ? "its output is too long" : `no answer within ${TIMEOUT_MS / 1000} s`;
        return fail(new Error(`kubectl exec was ended: ${why}`));
      }
      const [stdout, stderr] = [output.stdout, output.stderr].map((chunks) =>
        Buffer.concat(chunks).toString(),
      );
      done({ status: code ?? 1, stdout: stdout!, stderr: stderr! });
    });
  });
}
