// SPDX-License-Identifier: Apache-2.0
// What the daemon does in a second, how soon it is there, and how much memory it takes, with more and more reservations.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, ipPool, startDaemon } from "../test/support/daemon.ts";
import { allocate } from "./bench-load.ts";
import { EXEC_ARGV } from "./build-node.ts";

type Teardown = { teardown(end: () => unknown): void };

const CALLS = 1500;
const WIDTHS = [1, 16];
const FILLS = [0, 1000, 10_000, 60_000];

/** Pools in which the next free address is hard to find by looking for it; 1,500 addresses are left in the full one. */
const pools = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/12", perNodeBlockSize: 100_000, gateway: "10.0.0.1" }),
  "full.json": ipPool("full", { subnet: "10.16.0.0/12", perNodeBlockSize: 60_000 }),
  "excluded.json": ipPool("excluded", {
    subnet: "11.0.0.0/8",
    perNodeBlockSize: 2_000_000,
    exclusions: [{ startIP: "11.0.0.0", endIP: "11.15.66.63" }],
  }),
  "six.json": ipPool("six", { subnet: "fd00::/64", perNodeBlockSize: 2 ** 48 }),
};

/** The table's rows: what, calls a second one and sixteen at a time, and beside the empty server. */
export async function daemonTable(owner: Teardown): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "nv-ipam-bench-daemon-"));
  owner.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const empty = await startServer(owner, "bench-empty-server.ts", join(dir, "empty.sock"));
  const grpcJs = await startServer(owner, "../test/rpc/grpc-js-server.ts", join(dir, "grpc-js.sock"));
  let daemon = await startDaemon(owner, { pools });
  const rows: string[] = [];
  let held = 0;
  const fill = async (pool: string, count: number): Promise<void> => {
    await allocate({ socket: daemon.socket, pool, calls: count, width: 16, prefix: `fill-${pool}-${held}` });
    held += count;
  };
  const measure = async (what: string, pool: string): Promise<void> => {
    const best = { ours: [] as number[], empty: [] as number[], library: [] as number[] };
    for (const width of WIDTHS) {
      const load = { pool, calls: CALLS / 3, width };
      // Turn by turn, the best of three counts.
      const rates = { ours: [] as number[], empty: [] as number[], library: [] as number[] };
      for (const turn of [1, 2, 3]) {
        const prefix = `${what}-${width}-${turn}`.replaceAll(" ", "-");
        rates.empty.push(await allocate({ ...load, socket: empty, prefix }));
        rates.library.push(await allocate({ ...load, socket: grpcJs, prefix }));
        rates.ours.push(await allocate({ ...load, socket: daemon.socket, prefix }));
        held += load.calls;
      }
      for (const key of ["ours", "empty", "library"] as const) best[key].push(Math.max(...rates[key]));
    }
    const [one, many] = best.ours as [number, number];
    const beside = (others: readonly number[]) =>
      `${others[1]!.toFixed(0)} | ${(many / others[1]!).toFixed(2)}`;
    rows.push(
      `| ${what} | ${one.toFixed(0)} | ${many.toFixed(0)} | ${beside(best.library)} | ${beside(best.empty)} | ${memoryMb(daemon.process)} |`,
    );
  };
  for (const count of FILLS) {
    if (count > held) await fill("p", count - held);
    await measure(`${count.toLocaleString("en")} reservations`, "p");
    if (count === 10_000) daemon = await restarted(owner, daemon, rows);
  }
  await fill("full", 60_000 - 2 * CALLS - 600);
  await measure("a pool that is 95 % full and fills up", "full");
  await measure("behind a million excluded addresses", "excluded");
  await measure("an IPv6 /64", "six");
  await daemon.end("SIGTERM");
  return rows;
}

/** Stops and starts the daemon on its store: how long until it serves. */
async function restarted(owner: Teardown, daemon: Daemon, rows: string[]): Promise<Daemon> {
  await daemon.end("SIGTERM");
  const startMs = performance.now();
  const again = await startDaemon(owner, { pools: {}, dir: daemon.dir });
  const tookMs = performance.now() - startMs;
  rows.push(
    `| started again with that, ready after ${tookMs.toFixed(0)} ms | | | | | | | ${memoryMb(again.process)} |`,
  );
  return again;
}

async function startServer(owner: Teardown, program: string, socket: string): Promise<string> {
  const child = spawn(process.execPath, [...EXEC_ARGV, join(import.meta.dirname, program), socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  owner.teardown(() => child.kill());
  await once(child.stdout!, "data");
  return socket;
}

/** Resident memory now. */
export function memoryMb({ pid }: ChildProcess): string {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kb) / 1024).toFixed(0);
}
