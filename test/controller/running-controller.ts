// SPDX-License-Identifier: Apache-2.0
// The controller's executable against a real API.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ApiServer } from "../support/api-server.ts";
import { executables } from "../support/executables.ts";

type Teardown = { teardown(end: () => unknown): void };

export type Line = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string };

export type RunningController = {
  readonly process: ChildProcess;
  /** Everything it logged so far. */
  readonly lines: readonly Line[];
  /** The first line (seen or to come) with this message. */
  logged(message: string | RegExp): Promise<Line>;
  /** Sends the signal and waits for the end: the exit status or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  readonly exited: Promise<number | string>;
  /** The figure of /metrics; undefined where there is none. */
  figure(name: string): Promise<number | undefined>;
  /** GET on the probes' address: status and text. */
  probe(path: string): Promise<string>;
};

export type ControllerOptions = {
  /** Of a user with the right to do its work, and no other. */
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Do not wait until it is ready. */
  readonly early?: boolean;
};

/** Everything the controller may do. */
const rules = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] },
  {
    apiGroups: ["nv-ipam.nvidia.com"],
    resources: ["ippools", "cidrpools"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: ["nv-ipam.nvidia.com"],
    resources: ["ippools/status", "cidrpools/status"],
    verbs: ["update"],
  },
  { apiGroups: [""], resources: ["events"], verbs: ["create", "get", "patch"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create", "get", "update"] },
];

/** A user with the controller's rights: the path of its kubeconfig. */
export function createControllerUser(server: ApiServer, name = "controller"): Promise<string> {
  return server.createUser(name, rules);
}

/** Starts it and waits until it is ready; killed when the test ends. */
export async function startController(t: Teardown, options: ControllerOptions): Promise<RunningController> {
  const { kubeconfig, namespace, flags = [], early = false } = options;
  const args = [
    `--kubeconfig=${kubeconfig}`,
    `--ippools-namespace=${namespace}`,
    "--metrics-bind-address=127.0.0.1:0",
    "--health-probe-bind-address=127.0.0.1:0",
    "--logging-format=json",
    ...flags,
  ];
  const child = spawn(executables.controller, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  t.teardown(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const lines: Line[] = [];
  const log = createInterface({ input: child.stderr! });
  log.on("line", (line) => lines.push(JSON.parse(line) as Line));
  const logged = (message: string | RegExp): Promise<Line> =>
    new Promise((found, fail) => {
      const fits = ({ msg }: Line) => (typeof message === "string" ? msg === message : message.test(msg));
      const look = (): void => {
        const line = lines.find(fits);
        if (line !== undefined) found(line);
      };
      look();
      log.on("line", look);
      log.on("close", () => fail(new Error(`ended without ${message}:\n${JSON.stringify(lines, null, 1)}`)));
    });
  if (!early) await logged("ready");
  const ask = async (endpoint: string, path: string): Promise<string> => {
    const { address } = await logged(endpoint);
    const response = await fetch(`http://${String(address)}${path}`);
    return `${response.status} ${await response.text()}`;
  };
  return {
    process: child,
    lines,
    logged,
    exited,
    end(signal) {
      child.kill(signal);
      return exited;
    },
    probe: (path) => ask("health probes", path),
    async figure(name) {
      const text = await ask("metrics", "/metrics");
      const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
      return line === undefined ? undefined : Number(line.slice(name.length + 1));
    },
  };
}
