// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from "node:fs";

// "1: FLOCK  ADVISORY  WRITE 10599 fe:00:9994315 0 EOF", see proc_locks(5); device numbers are hexadecimal.
const FLOCK = /^\d+: FLOCK +\S+ +\S+ +\S+ ([0-9a-f]+):([0-9a-f]+):(\d+) /gm;

/**
 * Whether a process holds flock(2) on the file, as the Go daemon does from its start to its first commit. Node cannot ask
 * for the lock itself; the list has the processes of this PID namespace only, so false proves nothing.
 */
export function isFlocked(path: string): boolean {
  const { dev, ino } = statSync(path, { bigint: true });
  const held = `${majorOf(dev)}:${minorOf(dev)}:${ino}`;
  return [...readLocks().matchAll(FLOCK)].some(
    ([, major, minor, inode]) => `${BigInt(`0x${major}`)}:${BigInt(`0x${minor}`)}:${inode}` === held,
  );
}

function readLocks(): string {
  try {
    return readFileSync("/proc/locks", "latin1");
  } catch {
    return ""; // a host without /proc: nothing can be told
  }
}

// As makedev(3) puts them together.
function majorOf(dev: bigint): bigint {
  return ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
}

function minorOf(dev: bigint): bigint {
  return (dev & 0xffn) | ((dev >> 12n) & ~0xffn & 0xffffffffn);
}
