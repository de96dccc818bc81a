// SPDX-License-Identifier: Apache-2.0
// npm run bench: what an ADD costs beside an empty process and host-local, and what shared commits gain; prints a table
// and writes it to docs/benchmarks.md. Figures of one run are compared with each other only, as ratios.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, ipPool, startDaemon } from "../test/support/daemon.ts";
import { executables } from "../test/support/executables.ts";
import { preloadDisk } from "../test/support/preload.ts";
import { controllerTable } from "./bench-controller.ts";
import { daemonTable } from "./bench-daemon.ts";
import { memoryTable } from "./bench-memory.ts";
import { buildRunner, type Figures } from "./bench-runner.ts";

const ROUNDS = 3;
const CALLS = 300;

const ends: (() => unknown)[] = [];
const owner = { teardown: (end: () => unknown) => void ends.unshift(end) };
const work = mkdtempSync(join(tmpdir(), "nv-ipam-bench-"));
const measure = buildRunner(work);
let series = 0;

/** The run with the lowest median of several that took turns with the others. */
function bestOf(runs: readonly Figures[]): Figures {
  return runs.reduce((best, run) => (run.medianMs < best.medianMs ? run : best));
}

function netConf(ipam: Record<string, unknown>): unknown {
  return { cniVersion: "1.0.0", name: "bench", ipam };
}

function hostLocal(): string | undefined {
  const dirs = [
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nv-ipam/cni-plugins-1.9.1"),
    "/opt/cni/bin",
    "/usr/lib/cni",
  ];
  return dirs.map((dir) => join(dir, "host-local")).find(existsSync);
}

const pools = {
  "p.json": ipPool("p", { subnet: "10.0.0.0/12", perNodeBlockSize: 60000, gateway: "10.0.0.1" }),
};

async function addTable(): Promise<string[]> {
  const daemon = await startDaemon(owner, { pools });
  const conf = netConf(daemon.ipam({ poolName: "p" }));
  const local = hostLocal();
  const localConf = () =>
    netConf({
      type: "host-local",
      dataDir: join(work, `host-local-${series++}`),
      ranges: [[{ subnet: "10.0.0.0/12" }]],
    });
  const programs: [string, string, () => unknown][] = [
    ["`/bin/true`", "/bin/true", () => conf],
    ["`nv-ipam`", executables.plugin, () => conf],
    ...(local === undefined
      ? []
      : ([["`host-local` 1.9.1", local, localConf]] as [string, string, () => unknown][])),
  ];
  const rows: string[] = [];
  for (const width of [1, 16]) {
    const runs = programs.map(() => [] as Figures[]);
    for (let round = 0; round < ROUNDS; round++) {
      programs.forEach(
        ([, program, makeConf], i) => void runs[i]!.push(measure(program, makeConf(), CALLS, width)),
      );
    }
    const best = runs.map(bestOf);
    programs.forEach(([label, program], i) => {
      const f = best[i]!;
      const ratio = (f.medianMs / best[0]!.medianMs).toFixed(2);
      const size = (statSync(program).size / 1e6).toFixed(2);
      rows.push(
        `| ADD, ${width} at a time | ${label} | ${f.medianMs.toFixed(2)} | ${f.p99Ms.toFixed(2)} | ${f.perSecond.toFixed(0)} | ${ratio} | ${f.rssMb.toFixed(1)} | ${size} |`,
      );
    });
  }
  await daemon.end("SIGTERM");
  return rows;
}

async function sharedCommits(): Promise<string> {
  const dir = join(work, "slow");
  mkdirSync(dir);
  const disk = preloadDisk(dir, join(dir, "store"), { NV_DISK_SYNC_MS: "5" });
  const daemon: Daemon = await startDaemon(owner, { pools, dir, env: disk.env });
  const conf = netConf(daemon.ipam({ poolName: "p" }));
  const alone = measure(executables.plugin, conf, 100, 1);
  const together = measure(executables.plugin, conf, 400, 16);
  await daemon.end("SIGTERM");
  const gain = (together.perSecond / alone.perSecond).toFixed(1);
  return `With every sync 5 ms slower: ${alone.perSecond.toFixed(0)} ADDs/s one at a time, ${together.perSecond.toFixed(0)} sixteen at a time: ${gain} times the rate.`;
}

try {
  console.error(`measuring ${ROUNDS} interleaved rounds of ${CALLS} calls of each program …`);
  const text = [
    "# Benchmarks",
    "",
    `Made by \`npm run bench\` on ${cpus().length} cores (${cpus()[0]?.model.trim()}), Linux, Node ${process.version}. Each call is a whole process: start, stdin, stdout, end;`,
    `of ${ROUNDS} rounds that take turns the one with the lowest median counts. Compare figures with their neighbours only: ratio is the median beside \`/bin/true\` in the same run.`,
    "",
    "| what | program | median ms | p99 ms | per second | ratio | memory MB | file MB |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...(await addTable()),
    "",
    await sharedCommits(),
    "",
    "## The daemon",
    "",
    "Allocate over one gRPC connection, from a process of its own, on a store that syncs every commit; beside it, with the same load in",
    "turns (best of three each), two servers whose handlers do nothing: one on grpc-js, and the daemon's own without a store. No call is",
    "faster for an empty pool than for a full one.",
    "",
    "| with | per second, 1 at a time | 16 at a time | empty grpc-js, 16 | of that | own empty, 16 | of that | memory MB |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...(await daemonTable(owner)),
    "",
    "## The controller",
    "",
    ...(await controllerTable(owner)),
    "",
    "## Memory on a Kubernetes API",
    "",
    ...(await memoryTable(owner, measure)),
    "",
  ].join("\n");
  const docs = join(import.meta.dirname, "../docs");
  mkdirSync(docs, { recursive: true });
  writeFileSync(join(docs, "benchmarks.md"), text);
  console.log(text);
} finally {
  for (const end of ends) await end();
  rmSync(work, { recursive: true, force: true });
}
