// SPDX-License-Identifier: Apache-2.0
import { startTimeLimit, untilAborted } from "./time-limit.ts";

/** What one request shows and trusts. Different contents mean different connections: the agent keeps them apart. */
export type Credentials = {
  readonly ca?: Buffer;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  /** False: the server's certificate is not verified. */
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** Where the API is and how to be let in. */
export type Access = {
  readonly server: URL;
  /** For people: "in-cluster", or the kubeconfig's path. */
  readonly origin: string;
  /** Reads the credentials now. Rejects with an error that names the file or command. `signal` ends a command that hangs. */
  load(signal?: AbortSignal): Promise<Credentials>;
  /** The API refused them: what is kept in memory (an exec plugin's token) is asked for again by the next load. */
  forget(): void;
};

export type CredentialsKeeper = {
  get(): Promise<Credentials>;
  /** After a 401; at most one new load per `atMostEveryMs`. */
  renew(): void;
};

export type KeeperTiming = {
  /** Files are read again when they were read this long ago: kubelet renews tokens and CA by swapping a link. */
  readonly maxAgeMs?: number;
  /** How often refused credentials may be asked for anew. */
  readonly atMostEveryMs?: number;
  /** How long one load may take. Less than most calls have, so that they can say what they waited for. */
  readonly loadMs?: number;
  /** How long a call waits for a load while there are credentials that were good. */
  readonly patienceMs?: number;
};

export type KeeperOptions = KeeperTiming & {
  /** Told once per kind of failure while the last good credentials go on being used. */
  readonly onStale: (error: unknown) => void;
};

/**
 * Credentials that are never older than `maxAgeMs`, except while they cannot be read. A load that hangs (an exec plugin
 * without a network, a dead mount) counts as one that failed, and the next call begins another.
 */
export function keepCredentials(access: Access, options: KeeperOptions): CredentialsKeeper {
  const { maxAgeMs = 10_000, atMostEveryMs = 2_000, loadMs = 25_000, patienceMs = 1_000, onStale } = options;
  let known: Credentials | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY; // monotonic
  let loading: Promise<Credentials> | undefined;
  let told = "";
  const load = async (): Promise<Credentials> => {
    const late = `the credentials (${access.origin}) were not there within ${loadMs / 1000} s`;
    const limit = startTimeLimit(loadMs, late);
    try {
      known = await untilAborted(access.load(limit.signal), limit.signal);
      told = "";
    } catch (error) {
      if (known === undefined) throw error;
      if (told !== String(error)) onStale(error);
      told = String(error);
    } finally {
      limit.end();
      loading = undefined;
    }
    loadedAt = performance.now();
    return known;
  };
  return {
    async get() {
      if (known !== undefined && performance.now() - loadedAt < maxAgeMs) return known;
      loading ??= load();
      if (known === undefined) return loading;
      const limit = startTimeLimit(patienceMs, "the known credentials go on being used");
      return await untilAborted(loading, limit.signal)
        .catch(() => known!)
        .finally(() => limit.end());
    },
    renew() {
      if (performance.now() - loadedAt < atMostEveryMs) return;
      access.forget();
      loadedAt = Number.NEGATIVE_INFINITY;
    },
  };
}
