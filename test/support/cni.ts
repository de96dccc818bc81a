// SPDX-License-Identifier: Apache-2.0
import { executables, type Outcome, run } from "./executables.ts";

export type CniCall = {
  readonly command?: string;
  readonly container: string;
  readonly ifName?: string;
  /** The network configuration; cniVersion and name are filled in where absent. */
  readonly conf: Record<string, unknown>;
  readonly args?: string;
  readonly netns?: string;
  readonly plugin?: string;
  /** A program that runs the plugin: [file, ...arguments]. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** Calls the plugin as a container runtime does. */
export function callPlugin(call: CniCall): Promise<Outcome> {
  const [file, ...before] = [...(call.under ?? []), call.plugin ?? executables.plugin];
  return run(file!, before, {
    env: {
      PATH: process.env.PATH,
      CNI_COMMAND: call.command ?? "ADD",
      CNI_CONTAINERID: call.container,
      CNI_IFNAME: call.ifName ?? "net1",
      CNI_NETNS: call.netns ?? "/run/netns/nv-ipam-test-none",
      CNI_PATH: "/opt/cni/bin",
      CNI_ARGS: call.args ?? "IgnoreUnknown=1;K8S_POD_NAME=pod;K8S_POD_NAMESPACE=default",
      ...call.env,
    },
    input: JSON.stringify({ cniVersion: "1.1.0", name: "net", ...call.conf }),
  });
}

export type CniResult = {
  readonly cniVersion: string;
  readonly ips: readonly { readonly address: string; readonly gateway?: string }[];
  readonly routes?: readonly { readonly dst: string; readonly gw: string }[];
};

export type CniError = {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
};

/** The result of a successful ADD; throws with what the plugin said when it failed. */
export function resultOf(outcome: Outcome): CniResult {
  if (outcome.status !== 0)
    throw new Error(`the plugin failed (${outcome.status}): ${outcome.stdout}${outcome.stderr}`);
  return JSON.parse(outcome.stdout) as CniResult;
}

/** The first address of a successful ADD, with its prefix length. */
export function addressOf(outcome: Outcome): string {
  return resultOf(outcome).ips[0]!.address;
}

/** The error document of a failed call; throws when it did not fail with exit status 1. */
export function errorOf(outcome: Outcome): CniError {
  if (outcome.status !== 1)
    throw new Error(`expected exit status 1, got ${outcome.status}: ${outcome.stdout}`);
  return JSON.parse(outcome.stdout) as CniError;
}
