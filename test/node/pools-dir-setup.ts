// SPDX-License-Identifier: Apache-2.0
// A directory of manifests being watched, with what it said and gave.
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatAddress } from "../../lib/ip/address.ts";
import type { LogFields, Logger } from "../../lib/log/log.ts";
import type { ShareUpdate } from "../../lib/node/call.ts";
import { type PoolsDirWatch, RESCAN_MS, SETTLE_MS, watchPoolsDir } from "../../lib/node/pools-dir.ts";
import type { Clock } from "../../lib/node/pools-dir-clock.ts";
import { poolKey } from "../../lib/pool/pool.ts";
import type { Share } from "../../lib/pool/share.ts";

export type Watched = {
  readonly dir: string;
  readonly watch: PoolsDirWatch;
  /** "level message manifest reason" of each event, without what it has not. */
  readonly log: string[];
  readonly updates: ShareUpdate[];
  /** The next update that was not taken yet, brief; waits for it. */
  next(): Promise<string[]>;
  write(name: string, text: string): Promise<void>;
};

type Options = {
  readonly dir?: string;
  readonly nodeName?: string;
  readonly lastShares?: () => Promise<readonly Share[]>;
  readonly clock?: Clock;
  /** 0 where not given: what takes something away counts at once. */
  readonly holdMs?: number;
  readonly apply?: (update: ShareUpdate) => Promise<void>;
};

type Cleaned = { teardown(run: () => Promise<void>): void };

export async function watched(t: Cleaned, options: Options = {}): Promise<Watched> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "pools-dir-")));
  const log: string[] = [];
  const updates: ShareUpdate[] = [];
  let taken = 0;
  let wake = () => {};
  const { apply = async () => {}, ...rest } = options;
  const watch = watchPoolsDir({
    nodeName: "n1",
    log: recorder(log),
    holdMs: 0,
    ...rest,
    dir,
    async apply(update) {
      await apply(update);
      updates.push(update);
      wake();
    },
  });
  // The watch holds no process; a test that waits for it must.
  const alive = setInterval(() => {}, 2 ** 30);
  t.teardown(async () => {
    clearInterval(alive);
    await watch.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    dir,
    watch,
    log,
    updates,
    async next() {
      while (updates.length <= taken) await new Promise<void>((resolve) => (wake = resolve));
      return brief(updates[taken++]!);
    },
    // In one step, as careful writers do it: half a file is a test of its own.
    async write(name, text) {
      await writeFile(join(dir, `.${name}.new`), text);
      await rename(join(dir, `.${name}.new`), join(dir, name));
    },
  };
}

/** "ippool/p 10.0.0.1-10.0.0.10" of each share, "keep ippool/p", "keep others"; reasons left out. */
export function brief({ shares, keep, keepUnlisted }: ShareUpdate): string[] {
  return [
    ...shares.map((share) => `${poolKey(share.pool)} ${rangeOf(share)}`),
    ...keep.map(({ pool }) => `keep ${poolKey(pool)}`),
    ...(keepUnlisted === undefined ? [] : ["keep others"]),
  ];
}

function rangeOf({ range: { family, first, last } }: Share): string {
  return `${formatAddress({ family, value: first })}-${formatAddress({ family, value: last })}`;
}

function recorder(lines: string[]): Logger {
  const note = (
    level: string,
    message: string,
    { manifest, pool, reason }: LogFields = {},
    error?: unknown,
  ) => {
    const why = reason ?? (error instanceof Error ? error.message : undefined);
    lines.push([level, message, manifest, pool, why].filter((part) => part !== undefined).join(" | "));
  };
  const logger: Logger = {
    named: () => logger,
    info: (message, fields) => note("info", message, fields),
    warn: (message, fields) => note("warn", message, fields),
    error: (message, error, fields) => note("error", message, fields, error),
  };
  return logger;
}

/** A clock that stands still and runs nothing until told to. */
export function stoppedClock() {
  let nowMs = 0;
  let waiting: { delayMs: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { delayMs, run };
      waiting.push(timer);
      return () => {
        waiting = waiting.filter((other) => other !== timer);
      };
    },
  };
  const find = (delayMs: number) => waiting.find((timer) => timer.delayMs === delayMs);
  /** Runs what waits for so long; false when nothing does. */
  const run = (delayMs: number): boolean => {
    const timer = find(delayMs);
    waiting = waiting.filter((other) => other !== timer);
    timer?.run();
    return timer !== undefined;
  };
  return {
    clock,
    run,
    pass(ms: number): void {
      nowMs += ms;
    },
    /** Resolves when something waits for so long. */
    async due(delayMs: number): Promise<void> {
      while (find(delayMs) === undefined) await new Promise(setImmediate);
    },
    /** What waits, for how long. */
    delays: () => waiting.map((timer) => timer.delayMs),
    /** Has the directory looked at, for an event or as the rescan, and resolves when all is done. */
    async look(): Promise<void> {
      for (let looked = false; !looked || find(RESCAN_MS) === undefined; ) {
        if (run(SETTLE_MS) || (!looked && run(RESCAN_MS))) looked = true;
        await new Promise(setImmediate);
      }
    },
  };
}

export function ipPool(name: string, spec = "", more = ""): string {
  return `apiVersion: nv-ipam.nvidia.com/v1alpha1
kind: IPPool
metadata: {name: ${name}, namespace: anywhere}
spec: {subnet: 10.0.0.0/24, perNodeBlockSize: 10${spec}}
${more}---
`;
}

export function cidrPool(name: string, spec = "", more = ""): string {
  return `apiVersion: nv-ipam.nvidia.com/v1alpha1
kind: CIDRPool
metadata: {name: ${name}}
spec: {cidr: 10.1.0.0/16, perNodeNetworkPrefix: 24, gatewayIndex: 1${spec}}
${more}---
`;
}

export function nodes(...names: string[]): string {
  return names
    .map(
      (name) => `{apiVersion: v1, kind: Node, metadata: {name: ${name}, labels: {first: ${name[0]}}}}\n---\n`,
    )
    .join("");
}

export function status(...entries: string[]): string {
  const items = entries.map((entry) => {
    const [nodeName, start, end] = entry.split(" ");
    return end?.includes(".") && !start?.includes("/")
      ? `{nodeName: ${nodeName}, startIP: ${start}, endIP: ${end}}`
      : `{nodeName: ${nodeName}, prefix: ${start}, gateway: ${end}}`;
  });
  return `status: {allocations: [${items.join(", ")}]}\n`;
}
