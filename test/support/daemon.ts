// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { executables, type Outcome, run } from "./executables.ts";

type Teardown = { teardown(end: () => unknown): void };

export type DaemonOptions = {
  /** File name → manifest text, laid into the pools directory; absent: it runs on a Kubernetes API. */
  readonly pools?: Readonly<Record<string, string>>;
  /** The log message that says it has started; "ready" unless told otherwise. */
  readonly until?: string;
  readonly nodeName?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A directory to use (and leave) instead of a new one. */
  readonly dir?: string;
  readonly executable?: string;
  readonly under?: readonly string[];
};

/** The places of one daemon, all in a directory of its own. */
export type Site = {
  readonly dir: string;
  readonly pools: string;
  readonly store: string;
  readonly socket: string;
  readonly binDir: string;
  readonly confDir: string;
  readonly log: string;
};

/** A daemon that runs. */
export type Daemon = Site & {
  readonly process: ChildProcess;
  /** Everything it logged so far. */
  readonly lines: readonly string[];
  /** An `ipam` object for network configurations that reaches this daemon. */
  ipam(extra?: Record<string, unknown>): Record<string, unknown>;
  /** Runs a debug command against it. */
  debug(...args: string[]): Promise<Outcome>;
  /** Sends the signal and waits for the end: the exit status or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** The first log line (seen or to come) that holds the text. */
  logged(text: string): Promise<string>;
};

/** A fresh directory that goes when the test ends. */
export function makeSite(t: Teardown, dir?: string): Site {
  const root = dir ?? mkdtempSync(join(tmpdir(), "nv-ipam-"));
  if (dir === undefined) t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const site = {
    dir: root,
    pools: join(root, "pools"),
    store: join(root, "store", "store"),
    socket: join(root, "daemon.sock"),
    binDir: join(root, "bin"),
    confDir: join(root, "conf"),
    log: join(root, "cni.log"),
  };
  for (const made of [site.pools, join(root, "store"), site.binDir, site.confDir])
    mkdirSync(made, { recursive: true });
  return site;
}

/** The daemon's arguments for a site. */
export function daemonFlags(site: Site, nodeName = "node-a"): string[] {
  return [
    `--node-name=${nodeName}`,
    `--pools-dir=${site.pools}`,
    `--store-file=${site.store}`,
    `--bind-address=unix://${site.socket}`,
    `--cni-daemon-socket=unix://${site.socket}`,
    `--cni-nv-ipam-bin-file=${executables.plugin}`,
    `--cni-bin-dir=${site.binDir}`,
    `--cni-conf-dir=${site.confDir}`,
    `--cni-log-file=${site.log}`,
    "--metrics-bind-address=0",
    "--health-probe-bind-address=0",
    "--logging-format=json",
  ];
}

/** Starts a daemon and waits until it serves; it is killed when the test ends. Rejects with its log when it ends first. */
export async function startDaemon(t: Teardown, options: DaemonOptions): Promise<Daemon> {
  const site = makeSite(t, options.dir);
  const { pools = {}, until = "ready" } = options;
  for (const [name, text] of Object.entries(pools)) writeFileSync(join(site.pools, name), text);
  const [file, ...before] = [...(options.under ?? []), options.executable ?? executables.daemon];
  const flags = daemonFlags(site, options.nodeName).filter(
    (flag) => options.pools !== undefined || !flag.startsWith("--pools-dir"),
  );
  const args = [...before, ...flags, ...(options.flags ?? [])];
  const child = spawn(file!, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  });
  const lines: string[] = [];
  const log = createInterface({ input: child.stderr! });
  log.on("line", (line) => lines.push(line));
  const logged = (text: string): Promise<string> =>
    new Promise((found, fail) => {
      const seen = lines.find((line) => line.includes(text));
      if (seen !== undefined) return found(seen);
      log.on("line", (line) => line.includes(text) && found(line));
      log.on("close", () =>
        fail(new Error(`the daemon ended without logging ${JSON.stringify(text)}:\n${lines.join("\n")}`)),
      );
    });
  await logged(`"msg":"${until}"`);
  return {
    ...site,
    process: child,
    lines,
    logged,
    ipam: (extra = {}) => ({
      type: "nv-ipam",
      daemonSocket: `unix://${site.socket}`,
      confDir: site.confDir,
      logFile: site.log,
      ...extra,
    }),
    debug: (...args) =>
      run(executables.daemon, [
        ...args,
        `--bind-address=unix://${site.socket}`,
        `--store-file=${site.store}`,
      ]),
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

/** An IPPool manifest. */
export function ipPool(name: string, spec: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind: "IPPool",
    metadata: { name },
    spec,
  });
}

/** A CIDRPool manifest. */
export function cidrPool(name: string, spec: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: "nv-ipam.nvidia.com/v1alpha1",
    kind: "CIDRPool",
    metadata: { name },
    spec,
  });
}
