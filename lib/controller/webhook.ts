// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Logger } from "../log/log.ts";
import { type Clock, systemClock } from "./clock.ts";
import { CertificateWatch, type ServingPair } from "./webhook-certificate.ts";
import { serveReview } from "./webhook-request.ts";

export type WebhookOptions = {
  /** Holds tls.crt and tls.key; see servingCertDir. */
  readonly certDir: string;
  /** host "" means every interface, port 0 one that the system chooses. */
  readonly address: { readonly host: string; readonly port: number };
  readonly log: Logger;
  /** As describeMoves has it. */
  readonly blocksWait?: boolean | undefined;
  readonly clock?: Pick<Clock, "after">;
};

export type Webhook = {
  readonly port: number;
  /** Why the API server could not use it now; undefined: it could. */
  notReady(): string | undefined;
  /** Reviews that have begun are answered. */
  stop(): Promise<void>;
};

// A review takes milliseconds; an API server waits 30 s at most. Idle connections are kept longer than API servers keep
// them (90 s): a review that arrives on a connection while it is being closed would fail, and with it the edit.
const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  handshakeTimeout: 10_000,
  keepAliveTimeout: 120_000,
  connectionsCheckingInterval: 5_000,
};
const MOST_CONNECTIONS = 64;
const MIN_VERSION = { minVersion: "TLSv1.2" } as const;
const STOP_WAIT_MS = 1_000;

/**
 * Serves the validation of IPPools and CIDRPools over HTTPS. It listens at once, also without a certificate: handshakes
 * then fail until the first one comes. Rejects with the system's error when the address cannot be had.
 */
export async function startWebhook({
  certDir,
  address,
  log,
  blocksWait,
  clock = systemClock,
}: WebhookOptions): Promise<Webhook> {
  let stopping = false;
  const server = createServer({ ...LIMITS, ...MIN_VERSION }, (request, response) => {
    response.once("close", () => {
      if (stopping) server.closeIdleConnections();
    });
    void serveReview(request, response, { log, blocksWait });
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen({ port: address.port, ...(address.host !== "" && { host: address.host }) });
  await once(server, "listening");
  server.on("error", (error) => log.error("webhook cannot take a connection", error));
  // Connections that are open stay as they are: only new handshakes see the new pair.
  const use = (pair: ServingPair): void => server.setSecureContext({ ...pair, ...MIN_VERSION });
  const certificate = new CertificateWatch({ dir: certDir, use, log, clock });
  await certificate.start();
  const { port } = server.address() as AddressInfo;
  log.info("webhook listens", { port, ready: certificate.missing === undefined });
  return {
    port,
    notReady() {
      return certificate.missing && `webhook: ${certificate.missing}`;
    },
    async stop() {
      stopping = true;
      const closed = once(server, "close");
      server.close();
      const cancel = clock.after(STOP_WAIT_MS, () => server.closeAllConnections());
      await Promise.all([closed, certificate.stop()]);
      cancel();
    },
  };
}
