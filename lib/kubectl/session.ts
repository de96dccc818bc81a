// SPDX-License-Identifier: Apache-2.0
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { Terminal } from "../debug/terminal.ts";
import type { Api } from "./api.ts";
import type { Exec } from "./ask-daemon.ts";
import { DAEMON_SELECTOR } from "./daemon-pods.ts";

/** A cluster that commands may ask. */
export type Session = { readonly api: Api; readonly exec: Exec; close(): void };

/** As kubectl's own options of these names. */
export type ConnectOptions = { readonly kubeconfig?: string; readonly context?: string };

/** What commands are given to work with. */
export type Surroundings = {
  readonly terminal: Terminal;
  /** Rejects in one line that names file and fix; nothing has been asked yet. */
  connect(options: ConnectOptions): Promise<Session>;
};

/** What every command knows of where it works. */
export type Scope = { readonly namespace: string; readonly daemonSelector: string };

export function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected a value.");
  return text;
}

/** The options that every command has. */
export function addScopeOptions(command: Command): Command {
  return command
    .option("--kubeconfig <path>", "cluster access; else KUBECONFIG, ~/.kube/config", notEmpty)
    .option("--context <name>", "context of the kubeconfig; else its current one", notEmpty)
    .option("-n, --namespace <name>", "namespace of the pools", notEmpty, "kube-system")
    .addOption(
      new Option("--daemon-selector <labels>", "labels of the daemon's pods, in any namespace")
        .default(DAEMON_SELECTOR)
        .argParser(notEmpty),
    );
}

export function addOutputOption(command: Command, formats: readonly string[]): Command {
  const words =
    formats.length === 2 ? formats.join(" or ") : `${formats.slice(0, -1).join(", ")} or ${formats.at(-1)}`;
  return command.addOption(new Option("-o, --output <format>", words).choices([...formats]).default("table"));
}

/** Runs `work` on the cluster that a command's options name, and lets go of it however that ends. */
export async function withSession(
  command: Command,
  { connect }: Surroundings,
  work: (session: Session, scope: Scope) => Promise<void>,
): Promise<void> {
  const options = command.opts<ConnectOptions & Scope>();
  const { kubeconfig, context, namespace, daemonSelector } = options;
  const session = await connect({
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  try {
    await work(session, { namespace, daemonSelector });
  } finally {
    session.close();
  }
}
