// SPDX-License-Identifier: Apache-2.0
import { type Answer, PLAIN, type SmallServer, startSmallServer } from "../http/small-server.ts";
import type { ScrapeSource } from "./exposition.ts";

export type MetricsServerOptions = {
  /** Host "" means every interface; port 0 lets the system choose. */
  readonly address: { readonly host: string; readonly port: number };
  readonly source: ScrapeSource;
  readonly log: { error(message: string, error: unknown): void };
};

async function scrape({ source, log }: MetricsServerOptions): Promise<Answer> {
  try {
    return { status: 200, type: source.contentType, text: await source.render() };
  } catch (error) {
    log.error("metrics cannot be collected", error);
    return { status: 500, type: PLAIN, text: "metrics cannot be collected, see the log\n" };
  }
}

/** Serves /metrics over plain HTTP. Rejects with the system's error when the address cannot be had. */
export function startMetricsServer(options: MetricsServerOptions): Promise<SmallServer> {
  return startSmallServer({
    address: options.address,
    paths: { "/metrics": () => scrape(options) },
    onError: (error) => options.log.error("cannot accept scrapes", error),
  });
}
