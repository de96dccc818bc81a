// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import type { Share } from "../pool/share.ts";
import type { Desk, ShareUpdate } from "./call.ts";
import { Readiness } from "./readiness.ts";

/** The store as the daemon holds it. At fault it still answers: Unavailable, with the way out. */
export type StoreDesk = Desk & {
  /** Why it cannot serve, for as long as the process lives; undefined: it can. */
  fault(): string | undefined;
  /** Calls `listener` after each change. */
  onFaultChange(listener: () => void): unknown;
  /** `takenFrom`: the node whose store it was, see StoreOrigin. */
  readonly origin: { readonly takenFrom?: string };
  /** Resolves when it has ended though nobody stopped it: only a new process helps. */
  readonly died: Promise<Error>;
  stop(): Promise<void>;
};

/** What the source of the pools needs of the store. */
export type ShareTarget = {
  /** Rejects when the store did not take it: to be tried again. */
  apply(update: ShareUpdate): Promise<void>;
  /** The shares that the store remembers. */
  lastShares(): Promise<Share[]>;
  /** Lets the daemon serve on the shares that the store remembers, if any, until the pools are known. */
  serveLast(): Promise<void>;
};

type Stoppable = { stop(): void | Promise<void> };

/**
 * `missing`: why the pools are not known yet, where that can be said. `retry`: what the store did not take, it may take now;
 * else that is tried again some seconds later.
 */
export type PoolSource = Stoppable & { missing?(): string | undefined; retry?(): void };

/** What the daemon is made of; each function starts one part and rejects with an Error that can be shown as it is. */
export type DaemonParts = {
  openStore(): Promise<StoreDesk>;
  /** Makes the address free to bind; refuses where another daemon answers. */
  claimAddress(): Promise<void>;
  install(): Promise<void>;
  startProbes(readiness: Readiness): Promise<Stoppable>;
  startMetrics(desk: Desk, readiness: Readiness): Promise<Stoppable>;
  /** Resolves when calls may be taken: after the first look at the pools, or at once where that may take for ever. */
  watchPools(target: ShareTarget): Promise<PoolSource>;
  /** `stop` takes no more calls, lets those that run end within the time, then breaks them off. */
  listen(desk: Desk, readiness: Readiness): Promise<{ stop(graceMs: number): Promise<void> }>;
};

export type Daemon = {
  /** Resolves when the daemon can go on only as a new process. */
  readonly died: Promise<Error>;
  /** Resolves when every part has stopped and the store is closed. Never rejects: what goes wrong is logged. */
  stop(): Promise<void>;
};

// With the rest of the stop below the 5 s that a stopping daemon has.
const GRACE_MS = 3000;

/** The parts that run; stop() ends them, the last started first. */
class Running {
  readonly #parts: { readonly name: string; stop(): void | Promise<void> }[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add<T extends Stoppable>(name: string, part: T): T {
    this.#parts.push({ name, stop: () => part.stop() });
    return part;
  }

  async stop(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.stop();
      } catch (error) {
        this.#log.error("a part did not stop cleanly", error, { part: part.name });
      }
    }
  }
}

/**
 * Starts the parts in the order in which they rest on each other: the store's lock proves that no other daemon has the
 * store, only then is anything of the host changed; calls are taken when the pools are known. A store at fault does not
 * end the daemon: it stays up, not serving, and every call says why. Rejects when a part cannot start; those before it
 * are stopped again.
 */
export async function startDaemon(parts: DaemonParts, log: Logger): Promise<Daemon> {
  const running = new Running(log);
  try {
    const { died } = await startParts(parts, running, log);
    return { died, stop: () => running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function startParts(parts: DaemonParts, running: Running, log: Logger): Promise<StoreDesk> {
  const desk = running.add("store", await parts.openStore());
  let poolsKnown = false;
  let servesLast = false;
  let restored = false;
  let source: PoolSource | undefined;
  let listening = false;
  const readiness = new Readiness(() => {
    const fault = desk.fault();
    if (fault !== undefined) return fault;
    if (!poolsKnown && !restored)
      return withOrigin(source?.missing?.() ?? "the pools are not known yet", desk);
    return listening ? undefined : "not listening yet";
  }, log);
  const announce = (): void => {
    if (listening) readiness.announce();
  };
  const restore = async (): Promise<void> => {
    restored = desk.fault() === undefined && (await listShares(desk)).length > 0;
    if (restored) log.info("serving the last known shares until the pools have been read");
  };
  desk.onFaultChange(async () => {
    if (desk.fault() === undefined) {
      noteOrigin(desk, log);
      source?.retry?.();
      // Should it fail, the store is at fault again, and this is called again.
      if (servesLast && !poolsKnown) await restore().catch(() => undefined);
    }
    announce();
  });
  noteOrigin(desk, log);
  await parts.claimAddress();
  running.add("probes", await parts.startProbes(readiness));
  running.add("metrics", await parts.startMetrics(desk, readiness));
  await parts.install();
  const target: ShareTarget = {
    async apply(update) {
      await desk.call("setShares", update);
      if (update.unread !== undefined) return;
      poolsKnown = true;
      announce();
    },
    lastShares: () => listShares(desk),
    async serveLast() {
      servesLast = true;
      await restore();
    },
  };
  source = running.add("pools", await parts.watchPools(target));
  const server = await parts.listen(desk, readiness);
  running.add("service", { stop: () => server.stop(GRACE_MS) });
  listening = true;
  announce();
  return desk;
}

async function listShares(desk: Desk): Promise<Share[]> {
  const pools = await desk.call("listPools", null);
  return pools.map(({ share }) => share).filter((share) => share !== undefined);
}

function noteOrigin({ origin: { takenFrom } }: StoreDesk, log: Logger): void {
  if (takenFrom === undefined) return;
  const message = "the store was another node's: its shares are not served here, its reservations stay";
  log.warn(message, { node: takenFrom });
}

function withOrigin(reason: string, { origin: { takenFrom } }: StoreDesk): string {
  return takenFrom === undefined
    ? reason
    : `${reason}; the store was node ${takenFrom}'s, whose shares are not served here`;
}
