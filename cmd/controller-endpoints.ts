// SPDX-License-Identifier: Apache-2.0
// What the controller serves: probes, metrics, and the webhook where that is asked for. A standby serves them too.
import { startWebhook, type Webhook } from "../lib/controller/webhook.ts";
import { servingCertDir } from "../lib/controller/webhook-certificate.ts";
import type { Logger } from "../lib/log/log.ts";
import type { ScrapeSource } from "../lib/metrics/exposition.ts";
import { startMetricsServer } from "../lib/metrics/server.ts";
import type { HttpAddress } from "../lib/node/bind-address.ts";
import { startProbes } from "../lib/node/probes.ts";
import type { ControllerSettings } from "./controller-settings.ts";
import { startHttpEndpoint } from "./http-endpoint.ts";

const WEBHOOK_PORT = 9443;

type Started = { stop(): void | Promise<void> };

/** `notReady`: why the controller itself is not ready. Rejects when an address cannot be had; nothing runs then. */
export async function startControllerEndpoints(
  settings: ControllerSettings,
  { notReady, source, log }: { notReady(): string | undefined; source: ScrapeSource; log: Logger },
): Promise<{ stop(): Promise<void> }> {
  const started: Started[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((part) => part.stop()));
  };
  try {
    let webhook: Webhook | undefined;
    if (settings.webhook) {
      webhook = await listenForReviews(settings, log.named("webhook"));
      started.push(webhook);
    }
    const startProbing = (address: HttpAddress) =>
      startProbes(address, () => notReady() ?? webhook?.notReady());
    started.push(await startHttpEndpoint({ ...settings.probes, start: startProbing }, log.named("probes")));
    const metricsLog = log.named("metrics");
    const startScraping = (address: HttpAddress) => startMetricsServer({ address, source, log: metricsLog });
    started.push(await startHttpEndpoint({ ...settings.metrics, start: startScraping }, metricsLog));
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listenForReviews({ reuseDelayMs }: ControllerSettings, log: Logger): Promise<Webhook> {
  const address = { host: "", port: WEBHOOK_PORT };
  const options = { certDir: servingCertDir(), address, log, blocksWait: reuseDelayMs > 0 };
  return await startWebhook(options).catch((error: unknown) => {
    throw new Error(`webhook: cannot listen on :${WEBHOOK_PORT}`, { cause: error });
  });
}
