// SPDX-License-Identifier: Apache-2.0
// What happens to the daemon's process.
import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import type { Fault, World } from "./fault.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 8766 * HOUR_MS;
const JUMPS_MS = [HOUR_MS, -HOUR_MS, 500, -500, 13 * YEAR_MS, -30 * YEAR_MS, 100 * YEAR_MS];

/** Sets the soft limit; its user may raise it again. Returns what it was; undefined when the process is gone. */
function limitDescriptors(pid: number, soft: string): string | undefined {
  const at = ["--pid", String(pid)];
  const quiet: ExecFileSyncOptions = { stdio: ["ignore", "pipe", "ignore"] };
  try {
    const before = execFileSync(
      "prlimit",
      [...at, "--nofile", "--raw", "--noheadings", "--output=SOFT"],
      quiet,
    );
    execFileSync("prlimit", [...at, `--nofile=${soft}:`], quiet);
    return before.toString().trim();
  } catch {
    return undefined;
  }
}

async function starveOfDescriptors({ subject, random, hold, timeoutMs }: World): Promise<void> {
  const { pid } = subject;
  if (pid === undefined) return;
  const open = readdirSync(`/proc/${pid}/fd`).length;
  const before = limitDescriptors(pid, String(open + random.between(0, 6)));
  await hold(500, timeoutMs + 500);
  if (before !== undefined) limitDescriptors(pid, before);
}

export const processFaults: readonly Fault[] = [
  {
    name: "kill",
    where: "pools-dir",
    needs: [],
    async inject({ subject, random, hold }) {
      for (let left = random.between(1, 3); left > 0; left--) {
        subject.signal("SIGKILL");
        await hold(20, 1200); // also while it starts
      }
    },
  },
  {
    name: "stop",
    where: "pools-dir",
    needs: [],
    async inject({ subject, hold, timeoutMs }) {
      subject.signal("SIGSTOP");
      await hold(200, timeoutMs + 1500);
      subject.signal("SIGCONT");
    },
  },
  { name: "descriptors", where: "pools-dir", needs: [], inject: starveOfDescriptors },
  {
    name: "clock",
    where: "pools-dir",
    needs: [],
    async inject({ chaos, random, hold }) {
      for (let left = random.between(2, 5); left > 0; left--) {
        chaos.setClockOffset(random.pick(JUMPS_MS));
        await hold(100, 400);
      }
      chaos.setClockOffset(0);
    },
  },
];
