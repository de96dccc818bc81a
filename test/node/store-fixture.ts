// SPDX-License-Identifier: Apache-2.0
// What the tests of the store begin with: shares, requests, and a session on a real database.
import { parseAddress } from "../../lib/ip/address.ts";
import { mergeRanges, type Range } from "../../lib/ip/range.ts";
import { parseSubnet } from "../../lib/ip/subnet.ts";
import type { CallName, Calls, Metadata } from "../../lib/node/call.ts";
import { openStore } from "../../lib/node/store-open.ts";
import { StoreSession } from "../../lib/node/store-session.ts";
import type { StoreMeter } from "../../lib/node/store-thread.ts";
import type { CallOutcome, QueuedCall } from "../../lib/node/thread-messages.ts";
import type { PoolRef } from "../../lib/pool/pool.ts";
import type { Share } from "../../lib/pool/share.ts";

export const workerUrl = new URL("../../lib/node/store-worker.ts", import.meta.url);

/** The real program, with an error in it that nobody catches in the place of the answer to such a call. */
export function crashingWorker(call: CallName): URL {
  const program = `import { parentPort } from "node:worker_threads";
    parentPort.addEventListener("message", (event) => {
      if (!event.data.calls?.includes("${call}")) return;
      event.stopImmediatePropagation();
      throw new Error("broken");
    });
    await import(${JSON.stringify(workerUrl.href)});
    if (parentPort.listenerCount("message") === 1) parentPort.close(); // the real one has no store open`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

/** Counts the transactions that went to the disk. */
export class CommitCounter implements StoreMeter {
  count = 0;

  committed(): void {
    this.count++;
  }
}

export function address(text: string) {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

export function range(text: string): Range {
  const [first, last] = text.split("-").map((end) => address(end.trim()));
  return { family: first!.family, first: first!.value, last: last!.value };
}

export const ref = (name: string, type: PoolRef["type"] = "ippool"): PoolRef => ({ type, name });

/** A share of pool `name`: `range` as "FIRST-LAST". */
export function share(
  name: string,
  subnet: string,
  part: string,
  more: { gateway?: string; exclusions?: readonly string[]; type?: PoolRef["type"] } = {},
): Share {
  return {
    pool: ref(name, more.type),
    subnet: parseSubnet(subnet)!,
    range: range(part),
    ...(more.gateway !== undefined && { gateway: address(more.gateway) }),
    exclusions: mergeRanges((more.exclusions ?? []).map(range)),
    routes: [],
    defaultGateway: false,
  };
}

export const nobody: Metadata = { podName: "", podNamespace: "", podUid: "", deviceId: "", networkName: "" };

export const eth = (containerId: string) => ({ containerId, interfaceName: "net1" });

/** An Allocate for one container in pools of the type IPPool. */
export function wish(
  container: string,
  pools: readonly string[] = ["p"],
  more: Partial<Calls["allocate"]["request"]> & { ips?: readonly string[] } = {},
): Calls["allocate"]["request"] {
  const { ips = [], ...rest } = more;
  return {
    pools: pools.map((name) => ref(name)),
    attachment: eth(container),
    metadata: nobody,
    requestedIps: ips.map(address),
    allocateDefaultGateway: false,
    ...rest,
  };
}

export const serving = (...shares: Share[]): Calls["setShares"]["request"] => ({ shares, keep: [] });

/** A session on the store at `path`; throws when it cannot be opened. */
export function openSession(path: string): StoreSession {
  const outcome = openStore(path);
  if (outcome.status !== "ok") throw new Error(outcome.message);
  const session = new StoreSession(path, outcome.db);
  session.load();
  return session;
}

/** One call as a batch of its own; its answer, or "code: message". */
export function ask<N extends CallName>(
  session: StoreSession,
  name: N,
  request: Calls[N]["request"],
): Calls[N]["answer"] {
  const outcome = session.run([{ name, request } as QueuedCall]).outcomes[0]!;
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`);
  return outcome.answer as Calls[N]["answer"];
}

/** The outcomes of a batch, "ok" or "code: message". */
export function told(outcomes: readonly CallOutcome[]): string[] {
  return outcomes.map((outcome) => (outcome.ok ? "ok" : `${outcome.code}: ${outcome.message}`));
}

/** A small fixed generator, so that a failure repeats: xorshift32. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
