// SPDX-License-Identifier: Apache-2.0
import type { HttpAddress } from "../lib/node/bind-address.ts";
import type { ControllerFlags } from "./flags.ts";
import { findSharedAddress, type HttpEndpoint } from "./http-endpoint.ts";

/** What the flags come to. */
export type ControllerSettings = {
  /** Of the pools. */
  readonly namespace: string;
  readonly kubeconfig?: string;
  /** The namespace of the lease; absent: there is one controller only. */
  readonly electIn?: string;
  readonly webhook: boolean;
  readonly reuseDelayMs: number;
  readonly probes: Omit<HttpEndpoint, "start">;
  readonly metrics: Omit<HttpEndpoint, "start">;
};

/** Throws what is wrong with the flags together. */
export function controllerSettings(flags: ControllerFlags): ControllerSettings {
  const { kubeconfig, leaderElect, leaderElectNamespace } = flags;
  const probes = endpoint("health probes", "health-probe-bind-address", flags.healthProbeBindAddress);
  const metrics = endpoint("metrics", "metrics-bind-address", flags.metricsBindAddress);
  const problem = findSharedAddress(metrics.address, probes.address);
  if (problem !== undefined) throw new Error(`invalid config: ${problem}`);
  return {
    namespace: flags.ippoolsNamespace,
    ...(kubeconfig ? { kubeconfig } : {}),
    ...(leaderElect ? { electIn: leaderElectNamespace } : {}),
    webhook: flags.webhook,
    reuseDelayMs: flags.blockReuseDelay,
    probes,
    metrics,
  };
}

function endpoint(name: string, flag: string, address: HttpAddress | "off"): Omit<HttpEndpoint, "start"> {
  return { name, flag, required: true, ...(address === "off" ? {} : { address }) };
}
