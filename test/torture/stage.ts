// SPDX-License-Identifier: Apache-2.0
// Where a round takes place: its directory, the store's file system, the preloaded libraries, pools, and the daemon.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findFreePort } from "../support/api-server-program.ts";
import { cidrPool, daemonFlags, ipPool, makeSite } from "../support/daemon.ts";
import { preloadDisk } from "../support/preload.ts";
import type { CallRunner } from "./call-runner.ts";
import type { Pod } from "./caller.ts";
import { type Chaos, preloadChaos } from "./chaos.ts";
import { type Cluster, moveIn, NODE, type Tenancy } from "./cluster.ts";
import type { RoundPlan } from "./plan.ts";
import { Subject } from "./subject.ts";
import { pools } from "./wish.ts";

/** What all rounds share. */
export type Means = {
  readonly dir: string;
  readonly executables: { readonly plugin: string; readonly daemon: string; readonly controller: string };
  readonly runner: CallRunner;
  /** chaos.c, compiled. */
  readonly chaosLibrary: string;
  /** Whether file systems can be mounted. */
  readonly canMount: boolean;
  readonly width: number;
  /** Faults last this many times as long as usual. */
  readonly pace: number;
  /** Starts the API server when the first round needs it. */
  cluster(): Promise<Cluster>;
};

export type Stage = {
  readonly dir: string;
  readonly isMounted: boolean;
  readonly subject: Subject;
  readonly chaos: Chaos;
  readonly pods: readonly Pod[];
  readonly tenancy?: Tenancy;
  /** `keep`: the directory stays, with what was in the store. */
  clear(keep: boolean): Promise<void>;
};

const STORE_MIB = 48;
const CLEANER_SECONDS = 1;

function makePreloads(dir: string, storeDir: string, library: string, plan: RoundPlan) {
  const chaos = preloadChaos(library, dir, storeDir);
  const disk = plan.faults.find((fault) => fault.disk !== undefined)?.disk;
  if (disk === undefined) return { chaos, env: chaos.env };
  const power = preloadDisk(dir, storeDir, disk === "lying" ? { NV_DISK_LIES: "1" } : {});
  const LD_PRELOAD = `${chaos.env.LD_PRELOAD}:${power.env.LD_PRELOAD}`;
  return { chaos, env: { ...chaos.env, ...power.env, LD_PRELOAD } };
}

function writePools(dir: string): void {
  for (const { kind, name, spec } of pools)
    writeFileSync(join(dir, `${name}.json`), (kind === "IPPool" ? ipPool : cidrPool)(name, spec));
}

/** Makes everything but does not start the daemon. */
export async function setStage(plan: RoundPlan, means: Means): Promise<Stage> {
  const dir = join(means.dir, `round-${plan.number}`);
  mkdirSync(dir);
  const site = makeSite({ teardown: () => undefined }, dir);
  const storeDir = dirname(site.store);
  const isMounted = means.canMount && plan.faults.some(({ wantsMount }) => wantsMount);
  if (isMounted) execFileSync("mount", ["-t", "tmpfs", "-o", `size=${STORE_MIB}m`, "tmpfs", storeDir]);
  const { chaos, env } = makePreloads(dir, storeDir, means.chaosLibrary, plan);
  const tenancy =
    plan.where === "kubernetes"
      ? await moveIn(await means.cluster(), means.executables.controller, dir)
      : undefined;
  if (tenancy === undefined) writePools(site.pools);
  const probePort = await findFreePort();
  const flags = [
    ...daemonFlags(site, NODE).filter((flag) => tenancy === undefined || !flag.startsWith("--pools-dir")),
    `--cni-nv-ipam-bin-file=${means.executables.plugin}`,
    `--health-probe-bind-address=127.0.0.1:${probePort}`,
    ...(tenancy === undefined
      ? []
      : [
          `--kubeconfig=${tenancy.front.kubeconfig}`,
          `--ippools-namespace=${tenancy.namespace}`,
          `--cleaner-interval=${CLEANER_SECONDS}`,
        ]),
  ];
  const subject = new Subject({ daemon: means.executables.daemon, site, flags, env, probePort });
  return {
    dir,
    isMounted,
    subject,
    chaos,
    pods: tenancy?.pods ?? [{ namespace: "default", name: "pod", uid: "" }],
    ...(tenancy && { tenancy }),
    async clear(keep) {
      await subject.stop("SIGKILL");
      await tenancy?.stop();
      if (keep) cpSync(storeDir, join(dir, "store-kept"), { recursive: true });
      if (isMounted) execFileSync("umount", [storeDir]);
      if (!keep) rmSync(dir, { recursive: true });
    },
  };
}
