// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../lib/log/log.ts";
import type { HttpAddress } from "../lib/node/bind-address.ts";

type Started = { readonly port: number; stop(): Promise<void> };

export type HttpEndpoint = {
  /** In the log and in messages, "metrics". */
  readonly name: string;
  /** Without the hyphens. */
  readonly flag: string;
  /** Absent: off. */
  readonly address?: HttpAddress;
  /** False: an address that cannot be had is a warning only. */
  readonly required: boolean;
  /** Rejects with the system's error when the address cannot be had. */
  start(address: HttpAddress): Promise<Started>;
};

const nothing = { stop: () => undefined };

/** Rejects with an error that names flag and address when an endpoint that must be there cannot be. */
export async function startHttpEndpoint(
  { name, flag, address, required, start }: HttpEndpoint,
  log: Logger,
): Promise<{ stop(): void | Promise<void> }> {
  if (address === undefined) return nothing;
  try {
    const { port, stop } = await start(address);
    log.info(name, { address: formatHttpAddress({ ...address, port }) });
    return { stop };
  } catch (error) {
    const where = formatHttpAddress(address);
    if (required) throw new Error(`${flag}: cannot listen on ${where}`, { cause: error });
    log.warn(`no ${name}: the standard address cannot be had`, { address: where, err: error });
    return nothing;
  }
}

function formatHttpAddress({ host, port }: HttpAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

const EVERY_INTERFACE = new Set(["", "0.0.0.0", "::"]);

/** What is wrong with one address for two endpoints, as the end of "invalid config: "; undefined: nothing. */
export function findSharedAddress(
  metrics: HttpAddress | undefined,
  probes: HttpAddress | undefined,
): string | undefined {
  if (metrics === undefined || probes === undefined || metrics.port === 0) return undefined;
  const meet =
    metrics.host === probes.host || [metrics.host, probes.host].some((host) => EVERY_INTERFACE.has(host));
  if (metrics.port !== probes.port || !meet) return undefined;
  return `metrics-bind-address ${formatHttpAddress(metrics)} and health-probe-bind-address ${formatHttpAddress(probes)} are one address: give each its own port, or 0 to the one that is not needed`;
}
