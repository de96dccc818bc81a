// SPDX-License-Identifier: Apache-2.0
// The order in which the daemon's parts start and stop, and what it says of itself. The parts are recorders.
import { test } from "tap";
import type { Desk, ShareUpdate } from "../../lib/node/call.ts";
import { type DaemonParts, type ShareTarget, type StoreDesk, startDaemon } from "../../lib/node/daemon.ts";
import type { Readiness } from "../../lib/node/readiness.ts";
import { recordingLog, silentLog } from "../support/log.ts";

const update: ShareUpdate = { shares: [], keep: [] };

function makeParts(setShares: () => Promise<null> = async () => null) {
  const steps: string[] = [];
  const origin: { takenFrom?: string } = {};
  const seen: { readiness?: Readiness; target?: ShareTarget } = {};
  let fault: string | undefined;
  let onFault = (): void => undefined;
  const part = (name: string) => {
    steps.push(name);
    return { stop: async () => void steps.push(`stop ${name}`) };
  };
  const call = (async (name) => (name === "setShares" ? setShares() : [])) as Desk["call"];
  const parts: DaemonParts = {
    async openStore() {
      const { promise: died } = Promise.withResolvers<Error>();
      const onFaultChange = (listener: () => void): void => {
        onFault = listener;
      };
      return { ...part("store"), call, origin, died, fault: () => fault, onFaultChange } satisfies StoreDesk;
    },
    claimAddress: async () => void part("address"),
    install: async () => void part("install"),
    startProbes: async (readiness) => {
      seen.readiness = readiness;
      return part("probes");
    },
    startMetrics: async () => part("metrics"),
    watchPools: async (target) => {
      seen.target = target;
      await target.apply(update).catch(() => undefined);
      return part("pools");
    },
    listen: async () => part("listen"),
  };
  const setFault = (text: string | undefined): void => {
    fault = text;
    onFault();
  };
  return { parts, steps, seen, origin, setFault };
}

const started = ["store", "address", "probes", "metrics", "install", "pools", "listen"];
const stopped = ["stop listen", "stop pools", "stop metrics", "stop probes", "stop store"];

test("the parts start in their order, stop in the reverse one, and the daemon says once that it is ready", async (t) => {
  const { log, events } = recordingLog();
  const { parts, steps, seen } = makeParts();
  const daemon = await startDaemon(parts, log);
  t.same(steps, started);
  t.equal(seen.readiness?.serving(), true);
  await seen.target!.apply(update);
  t.same(events, [{ level: "info", message: "ready", fields: {} }]);
  await daemon.stop();
  t.same(steps.slice(started.length), stopped);
});

for (const name of [
  "claimAddress",
  "install",
  "startProbes",
  "startMetrics",
  "watchPools",
  "listen",
] as const) {
  test(`when ${name} fails, what has started is stopped again`, async (t) => {
    const { parts, steps } = makeParts();
    const failing = { ...parts, [name]: () => Promise.reject(new Error(`no ${name}`)) };
    await t.rejects(startDaemon(failing, silentLog), { message: `no ${name}` });
    const stops = steps.filter((step) => step.startsWith("stop "));
    t.same(
      stops,
      stopped.filter((step) => steps.includes(step.slice("stop ".length))),
    );
    t.equal(stops.at(-1), "stop store");
  });
}

test("a store at fault: the daemon is up, not serving, and says why", async (t) => {
  const { log, events } = recordingLog();
  const { parts, seen, setFault } = makeParts(() => Promise.reject(new Error("no")));
  setFault("store is damaged");
  await startDaemon(parts, log);
  t.equal(seen.readiness?.reason(), "store is damaged");
  t.same(events, [{ level: "warn", message: "not serving", fields: { reason: "store is damaged" } }]);
});

test("a fault that arises later is told to those who listen", async (t) => {
  const { parts, seen, setFault } = makeParts();
  await startDaemon(parts, silentLog);
  const told: boolean[] = [];
  const forget = seen.readiness!.onChange(() => told.push(seen.readiness!.serving()));
  setFault("the disk is gone");
  t.same(told, [false]);
  forget();
  setFault("again");
  t.same(told, [false]);
});

test("when a fault goes away, the source of the pools tries again at once", async (t) => {
  let refuse = true;
  const { parts, seen, setFault } = makeParts(() =>
    refuse ? Promise.reject(new Error("store is damaged")) : Promise.resolve(null),
  );
  const tried = Promise.withResolvers<void>();
  const watchPools: DaemonParts["watchPools"] = async (target) => ({
    ...(await parts.watchPools(target)),
    retry: () => tried.resolve(target.apply(update)),
  });
  setFault("store is damaged");
  await startDaemon({ ...parts, watchPools }, silentLog);
  refuse = false;
  setFault("store is damaged once more");
  t.match(seen.readiness?.reason(), /once more/);
  setFault(undefined);
  await tried.promise;
  t.equal(seen.readiness?.serving(), true);
});

test("pools that the store does not take keep it from serving until it does", async (t) => {
  let refuse = true;
  const { parts, seen } = makeParts(() =>
    refuse ? Promise.reject(new Error("disk full")) : Promise.resolve(null),
  );
  await startDaemon(parts, silentLog);
  t.match(seen.readiness?.reason(), /pools are not known/);
  await t.rejects(seen.target!.apply(update), { message: "disk full" }, "the watcher hears of it");
  refuse = false;
  await seen.target!.apply(update);
  t.equal(seen.readiness?.serving(), true);
});

test("a part that does not stop cleanly does not keep the store open", async (t) => {
  const { log, events } = recordingLog();
  const { parts, steps } = makeParts();
  const daemon = await startDaemon(
    { ...parts, listen: async () => ({ stop: () => Promise.reject(new Error("stuck")) }) },
    log,
  );
  await daemon.stop();
  t.equal(steps.at(-1), "stop store");
  t.match(events.at(-1), { level: "error", fields: { part: "service" } });
});

/** A daemon on an API that does not answer, with a store that holds as many shares as `remembers` has. */
function makeWaiting(remembers: readonly unknown[]) {
  const made = makeParts();
  const waiting: DaemonParts = {
    ...made.parts,
    async openStore() {
      const desk = await made.parts.openStore();
      return { ...desk, call: (async (name) => (name === "listPools" ? remembers : null)) as Desk["call"] };
    },
    async watchPools(target) {
      made.seen.target = target;
      await target.serveLast();
      return { stop: () => undefined, missing: () => "the API is away" };
    },
  };
  return { ...made, waiting };
}

test("restored shares are enough to serve; until then the source of the pools says why not", async (t) => {
  const remembers: unknown[] = [];
  const { waiting, seen } = makeWaiting(remembers);
  const first = await startDaemon(waiting, silentLog);
  t.equal(seen.readiness?.reason(), "the API is away");
  await seen.target!.apply({ ...update, unread: ["cidrpool"] });
  t.equal(seen.readiness?.serving(), false, "one kind is not all");
  await first.stop();
  remembers.push({ share: {} });
  await startDaemon(waiting, silentLog);
  t.equal(seen.readiness?.serving(), true);
});

test("so are those of a store that was at fault at the start and is whole again", async (t) => {
  const remembers: unknown[] = [];
  const { waiting, seen, setFault } = makeWaiting(remembers);
  setFault("store is damaged");
  await startDaemon(waiting, silentLog);
  const toldNext = (): Promise<void> =>
    new Promise((done) => {
      const forget = seen.readiness!.onChange(() => {
        forget();
        done();
      });
    });
  let told = toldNext();
  setFault(undefined);
  await told;
  t.equal(seen.readiness?.reason(), "the API is away", "a new store has none");
  setFault("store is damaged");
  remembers.push({ share: {} });
  told = toldNext();
  setFault(undefined);
  await told;
  t.equal(seen.readiness?.serving(), true);
});

test("a store that was another node's: the log and the reason say so", async (t) => {
  const { log, events } = recordingLog();
  const { waiting, seen, origin } = makeWaiting([]);
  origin.takenFrom = "node-a";
  await startDaemon(waiting, log);
  t.match(events[0], {
    level: "warn",
    message: /another node's: its shares are not/,
    fields: { node: "node-a" },
  });
  t.equal(
    seen.readiness?.reason(),
    "the API is away; the store was node node-a's, whose shares are not served here",
  );
});
