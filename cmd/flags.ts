// SPDX-License-Identifier: Apache-2.0
// The flags of both executables. Their names and defaults are an outside contract: manifests in use carry them.
import { type Command, Option } from "commander";
import type { LogFormat } from "../lib/log/line-logger.ts";
import type { HttpAddress } from "../lib/node/bind-address.ts";
import * as value from "./flag-values.ts";

type Flag = {
  /** As commander wants it: "--name <value>"; "--name [bool]" for one that may stand alone. */
  readonly flags: string;
  readonly help: string;
  readonly default?: unknown;
  /** How the default is shown where it is not text. */
  readonly shown?: string;
  readonly parse?: (text: string) => unknown;
  /** The words that `parse` takes, for help and completion. */
  readonly choices?: readonly string[];
};

export type CommonFlags = {
  readonly v: number;
  readonly loggingFormat: LogFormat;
  readonly version: boolean;
};

export type NodeFlags = CommonFlags & {
  readonly nodeName?: string;
  readonly poolsDir?: string;
  readonly ippoolsNamespace: string;
  readonly kubeconfig?: string;
  /** Seconds. */
  readonly cleanerInterval: number;
  readonly bindAddress: string;
  readonly storeFile: string;
  readonly storeSynchronous: "full" | "normal";
  readonly metricsBindAddress: HttpAddress | "off";
  readonly healthProbeBindAddress: HttpAddress | "off";
  readonly cniBinDir: string;
  readonly cniNvIpamBinFile: string;
  readonly cniSkipNvIpamBinaryCopy: boolean;
  readonly cniSkipNvIpamConfigCreation: boolean;
  readonly cniConfDir: string;
  readonly cniDaemonSocket: string;
  readonly cniDaemonCallTimeout: number;
  readonly cniLogFile: string;
  readonly cniLogLevel: string;
  readonly cniForcePoolName: boolean;
};

/** The flags of the installation alone. */
export type InstallFlags = CommonFlags &
  Pick<
    NodeFlags,
    | "cniBinDir"
    | "cniNvIpamBinFile"
    | "cniSkipNvIpamBinaryCopy"
    | "cniSkipNvIpamConfigCreation"
    | "cniConfDir"
    | "cniDaemonSocket"
    | "cniDaemonCallTimeout"
    | "cniLogFile"
    | "cniLogLevel"
    | "cniForcePoolName"
  >;

export type ControllerFlags = CommonFlags & {
  readonly ippoolsNamespace: string;
  readonly kubeconfig?: string;
  readonly leaderElect: boolean;
  readonly leaderElectNamespace: string;
  readonly webhook: boolean;
  /** Milliseconds. */
  readonly blockReuseDelay: number;
  readonly metricsBindAddress: HttpAddress | "off";
  readonly healthProbeBindAddress: HttpAddress | "off";
};

const SYNCHRONOUS = ["full", "normal"];
const LOG_LEVELS = ["verbose", "debug", "info", "warning", "error", "panic"];
const SOCKET = "unix:///var/lib/cni/nv-ipam/daemon.sock";

const flag = (flags: string, help: string, more: Omit<Flag, "flags" | "help"> = {}): Flag => ({
  flags,
  help,
  ...more,
});
const path = (name: string, help: string, standard: string): Flag =>
  flag(`--${name} <path>`, help, { default: standard, parse: value.notEmpty });
const bool = (name: string, help: string): Flag =>
  flag(`--${name} [bool]`, help, { default: false, parse: value.boolean });
const http = (name: string, help: string, port: number): Flag =>
  flag(`--${name} <address>`, `${help}; 0 turns it off`, {
    default: { host: "", port },
    shown: `":${port}"`,
    parse: value.httpAddress,
  });

const kubernetes = [
  flag("--ippools-namespace <name>", "namespace of the pools", {
    default: "kube-system",
    parse: value.notEmpty,
  }),
  flag("--kubeconfig <path>", "cluster access; else KUBECONFIG, the pod's own access, ~/.kube/config"),
];

const endpoints = [
  http("metrics-bind-address", "address of /metrics", 8080),
  http("health-probe-bind-address", "address of /healthz and /readyz", 8081),
];

const node = [
  flag("--node-name <name>", "name of this node (required; with --pools-dir the host name)", {
    parse: value.nodeName,
  }),
  flag(
    "--pools-dir <path>",
    "run without Kubernetes: take IPPool and CIDRPool manifests from this directory",
    {
      parse: value.notEmpty,
    },
  ),
  ...kubernetes,
  flag("--cleaner-interval <seconds>", "how often reservations are checked against the pods of this node", {
    default: 60,
    parse: value.positiveInteger,
  }),
];

const service = [
  flag("--bind-address <address>", "where plugins reach the daemon, unix:///PATH or tcp://HOST:PORT", {
    default: SOCKET,
    parse: value.bindAddress,
  }),
  path("store-file", "the reservations of this node", "/var/lib/cni/nv-ipam/store"),
  flag("--store-synchronous <mode>", "full; or normal, which a power loss may cost the last reservations", {
    default: "full",
    parse: (text) =>
      value
        .oneOf(...SYNCHRONOUS)(text)
        .toLowerCase(),
    choices: SYNCHRONOUS,
  }),
  ...endpoints,
];

const plugin = [
  path("cni-bin-dir", "where the container runtime looks for plugins", "/opt/cni/bin"),
  path("cni-nv-ipam-bin-file", "the plugin to copy there", "/nv-ipam"),
  bool("cni-skip-nv-ipam-binary-copy", "do not copy the plugin"),
  bool("cni-skip-nv-ipam-config-creation", "do not write the plugin's configuration"),
  path("cni-conf-dir", "where the plugin's configuration goes", "/etc/cni/net.d/nv-ipam.d"),
  flag("--cni-daemon-socket <address>", "where the plugin finds the daemon", {
    default: SOCKET,
    parse: value.bindAddress,
  }),
  flag("--cni-daemon-call-timeout <seconds>", "how long the plugin waits for the daemon", {
    default: 5,
    parse: value.integer,
  }),
  path("cni-log-file", "where the plugin logs to", "/var/log/nv-ipam-cni.log"),
  flag("--cni-log-level <level>", `what the plugin logs: ${LOG_LEVELS.join(", ")}`, {
    default: "info",
    parse: value.oneOf(...LOG_LEVELS),
    choices: LOG_LEVELS,
  }),
  bool("cni-force-pool-name", "a network configuration must name its pool"),
];

const controller = [
  ...kubernetes,
  bool("leader-elect", "let only one of several controllers work"),
  flag("--leader-elect-namespace <name>", "namespace of the lease", {
    default: "kube-system",
    parse: value.notEmpty,
  }),
  bool("webhook", "validate pools on port 9443"),
  flag(
    "--block-reuse-delay <duration>",
    "how long the block of a node that is gone waits for that node, as 10m or 1h30m",
    { default: 0, shown: "0", parse: value.duration },
  ),
  ...endpoints,
];

const common = [
  flag("-v, --v <level>", "verbosity of the log, from 0", { default: 0, parse: value.verbosity }),
  flag("--logging-format <format>", "text or json", {
    default: "text",
    parse: value.logFormat,
    choices: value.LOG_FORMATS,
  }),
  bool("version", "print the version and end"),
];

// They tune a Go program's logger: manifests in use carry them.
const unused = "accepted, has no effect";
const ignored = [
  ...[
    "log-flush-frequency <duration>",
    "log-json-info-buffer-size <size>",
    "log-text-info-buffer-size <size>",
    "vmodule <patterns>",
    "feature-gates <gates>",
  ].map((flags) => flag(`--${flags}`, unused)),
  ...["log-json-split-stream", "log-text-split-stream"].map((name) => flag(`--${name} [bool]`, unused)),
];

function addGroup(program: Command, heading: string, flags: readonly Flag[]): void {
  for (const { flags: spelling, help, default: standard, shown, parse, choices } of flags) {
    const option = new Option(spelling, help).helpGroup(heading);
    if (standard !== undefined) option.default(standard, shown);
    if (choices !== undefined) option.choices(choices); // its own message, for words in this case only, gives way to that of parse
    if (parse !== undefined) option.argParser(parse);
    program.addOption(option);
  }
}

function addCommonFlags(program: Command): void {
  addGroup(program, "Common:", common);
  addGroup(program, "From Go's logger:", ignored);
}

export function addNodeFlags(program: Command): void {
  addGroup(program, "Node and pools:", node);
  addGroup(program, "Service and store:", service);
  addGroup(program, "Installation of the plugin:", plugin);
  addCommonFlags(program);
}

export function addInstallFlags(program: Command): void {
  addGroup(program, "Installation of the plugin:", plugin);
  addCommonFlags(program);
}

export function addControllerFlags(program: Command): void {
  addGroup(program, "Controller:", controller);
  addCommonFlags(program);
}

/** Those flags without effect that were given, as they are spelled. */
export function ignoredFlagsGiven(program: Command): string[] {
  return ignored
    .map(({ flags }) => new Option(flags))
    .filter((option) => program.getOptionValueSource(option.attributeName()) === "cli")
    .map((option) => option.long ?? option.name());
}
