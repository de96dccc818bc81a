// SPDX-License-Identifier: Apache-2.0
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Logger } from "../log/log.ts";
import { describeError } from "../log/printable.ts";
import type { Clock } from "./clock.ts";

/** A certificate chain and its key, both PEM, that belong together. */
export type ServingPair = { readonly cert: Buffer; readonly key: Buffer };

type Options = {
  /** Holds tls.crt and tls.key. */
  readonly dir: string;
  /** Gets every new pair that works. */
  readonly use: (pair: ServingPair) => void;
  readonly log: Logger;
  readonly clock: Pick<Clock, "after">;
};

/** `print` tells contents apart. */
type Found = { readonly print: string } & ({ readonly pair: ServingPair } | { readonly problem: string });

const PERIOD_MS = 10_000;

/** Where the Go controller's webhook has its certificate too. */
export function servingCertDir(): string {
  return join(tmpdir(), "k8s-webhook-server", "serving-certs");
}

/**
 * Looks at tls.crt and tls.key every 10 s, by content: kubelet swaps the directory behind a symbolic link, and times and
 * inodes of the files say nothing. A pair that does not work (half of a swap, a broken file) is logged once, and the one
 * in use stays.
 */
export class CertificateWatch {
  readonly #options: Options;
  #seen: string | undefined;
  #missing: string | undefined = "no certificate yet";
  #looking: Promise<void> = Promise.resolve();
  #cancel = (): void => {};
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Why there is no pair to serve with yet; undefined from the first one on. */
  get missing(): string | undefined {
    return this.#missing;
  }

  /** Resolves after the first look, whatever it found. */
  async start(): Promise<void> {
    this.#looking = this.#look();
    await this.#looking;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const found = await findPair(this.#options.dir);
    if (this.#stopped) return;
    if (found.print !== this.#seen) this.#take(found);
    this.#seen = found.print;
    this.#cancel = this.#options.clock.after(PERIOD_MS, () => {
      this.#looking = this.#look();
    });
  }

  #take(found: Found): void {
    const { dir, use, log } = this.#options;
    if ("pair" in found) {
      use(found.pair);
      this.#missing = undefined;
      log.info("serving certificate read", { dir, ...describeCertificate(found.pair) });
    } else if (this.#missing === undefined) {
      log.warn("the new serving certificate cannot be used, the one before stays", {
        problem: found.problem,
      });
    } else {
      this.#missing = `no certificate yet: ${found.problem}`;
      log.warn("waiting for a serving certificate", { problem: found.problem });
    }
  }
}

async function findPair(dir: string): Promise<Found> {
  try {
    // One after the other: with both missing, the same one is named at each look.
    const cert = await readFile(join(dir, "tls.crt"));
    const key = await readFile(join(dir, "tls.key"));
    const print = `${hash(cert)} ${hash(key)}`;
    const problem = findMismatch({ cert, key });
    return problem === undefined ? { print, pair: { cert, key } } : { print, problem };
  } catch (error) {
    const problem = describeError(error);
    return { print: problem, problem };
  }
}

/** Why the two cannot be served with; undefined when they can. */
function findMismatch({ cert, key }: ServingPair): string | undefined {
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return "tls.key is not the key of tls.crt";
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return `tls.crt or tls.key is not what it should be: ${describeError(error)}`;
  }
}

function describeCertificate({ cert }: ServingPair): { subject: string; names?: string; validTo: string } {
  const { subject, subjectAltName, validTo } = new X509Certificate(cert);
  return { subject, ...(subjectAltName && { names: subjectAltName }), validTo };
}

function hash(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
