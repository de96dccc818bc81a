// SPDX-License-Identifier: Apache-2.0
// A cleaner on a real store; the API is a recorder, because its failures are what matters here.
import { join } from "node:path";
import type { Test } from "tap";
import type { CallName, Calls, Desk, Metadata } from "../../lib/node/call.ts";
import { Cleaner, type CleanerOptions } from "../../lib/node/cleaner.ts";
import type { KnownPod, LivePod } from "../../lib/node/cleaner-round.ts";
import { RpcError } from "../../lib/rpc/error.ts";
import { recordingLog } from "../support/log.ts";
import { HandClock } from "./hand-clock.ts";
import { openSession, serving, share, wish } from "./store-fixture.ts";

export const ROUND_MS = 60_000;

/** A pod as the API has it: UID "uid-NAME", on node "here". */
export const pod = (name: string, more: Partial<LivePod> = {}): LivePod => ({
  uid: `uid-${name}`,
  isMirror: false,
  nodeName: "here",
  ...more,
});

export function setUp(t: Test, options: Partial<CleanerOptions> = {}) {
  const session = openSession(join(t.testdir(), "store"));
  const clock = new HandClock();
  const { log, events } = recordingLog();
  const { promise, resolve: syncPods } = Promise.withResolvers<void>();
  const cache = new Map<string, KnownPod>();
  const live = new Map<string, LivePod>();
  const api: { lookups: string[]; failure?: string; during?: () => void } = { lookups: [] };
  const calls: string[] = [];
  const desk: Desk = {
    async call<N extends CallName>(name: N, request: Calls[N]["request"]) {
      calls.push(name);
      const outcome = session.run([{ name, request } as never]).outcomes[0]!;
      if (!outcome.ok) throw new RpcError(outcome.code, outcome.message);
      return outcome.answer as Calls[N]["answer"];
    },
  };
  const released: string[] = [];
  const outcomes: string[] = [];
  const cleaner = new Cleaner({
    desk,
    pods: { find: (key) => cache.get(key), whenSynced: () => promise },
    async findPod({ namespace, name }) {
      api.lookups.push(`${namespace}/${name}`);
      api.during?.();
      if (api.failure !== undefined) throw new Error(api.failure);
      return live.get(`${namespace}/${name}`);
    },
    nodeName: "here",
    log,
    after: clock.after,
    meter: {
      released: (type, name) => released.push(`${type}/${name}`),
      round: (outcome) => outcomes.push(outcome),
    },
    ...options,
  });
  t.teardown(async () => {
    await cleaner.stop();
    session.close();
  });
  return {
    ...{ cleaner, clock, events, syncPods, cache, live, api, desk, calls, released, outcomes },
    /** Reserves for pod NAME (default/NAME) and container NAME-1 unless told otherwise. */
    async reserve(name: string, more: Partial<Metadata> & { container?: string } = {}) {
      const { container = `${name}-1`, ...metadata } = more;
      const known = { podName: name, podNamespace: "default", podUid: `uid-${name}` };
      await desk.call(
        "allocate",
        wish(container, ["p"], {
          metadata: { ...known, deviceId: "", networkName: "net", ...metadata },
        }),
      );
    },
    async serve() {
      await desk.call("setShares", serving(share("p", "10.0.0.0/16", "10.0.0.1-10.0.200.1")));
    },
    async held(): Promise<string[]> {
      const page = { filter: {}, limit: 10_000 };
      const { reservations } = await desk.call("listReservations", page);
      return reservations.map(({ containerId }) => containerId);
    },
    /** The first round begins; what it takes without time has happened. */
    async begin() {
      cleaner.start();
      syncPods();
      await clock.pass(0);
    },
    /** So many rounds more. */
    async rounds(count: number) {
      for (let i = 0; i < count; i++) await clock.pass(ROUND_MS);
    },
  };
}
