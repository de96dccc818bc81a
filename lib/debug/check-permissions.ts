// SPDX-License-Identifier: Apache-2.0
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeError } from "../log/printable.ts";
import { parseBindAddress } from "../node/bind-address.ts";
import { CONFIG_FILE, PLUGIN_FILE } from "../node/installer.ts";
import { logOf } from "../node/store-log-file.ts";
import type { CheckFinding } from "./check-finding.ts";

export type CheckedPaths = {
  readonly storeFile: string;
  readonly bindAddress: string;
  /** Absent: the installation is somebody else's. */
  readonly binDir?: string;
  readonly confDir?: string;
};

const OTHERS_ANY = 0o077;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

type Rule = {
  readonly path: string;
  /** Mode bits that must not be set. */
  readonly forbidden: number;
  readonly danger: string;
  /** Whether it must be root's or the daemon's own; the directories of container runtimes may be another user's. */
  readonly isOwned: boolean;
};

/** Whether others than the daemon's user can reach what decides about addresses. What is missing is no matter here. */
export function checkPermissions(paths: CheckedPaths): CheckFinding[] {
  return rulesFor(paths).flatMap(checkRule);
}

function rulesFor({ storeFile, bindAddress, binDir, confDir }: CheckedPaths): Rule[] {
  const address = parseBindAddress(bindAddress);
  const socket = address.kind === "unix" ? [address.path] : [];
  const directories = [...new Set([storeFile, ...socket].map((file) => dirname(file)))];
  const installed = [
    ...(binDir === undefined ? [] : [binDir, join(binDir, PLUGIN_FILE)]),
    ...(confDir === undefined ? [] : [confDir, join(confDir, CONFIG_FILE)]),
  ];
  const own = (forbidden: number, danger: string) => (path: string) => ({
    path,
    forbidden,
    danger,
    isOwned: true,
  });
  return [
    ...[storeFile, logOf(storeFile)].map(own(OTHERS_ANY, "other users can look into the store")),
    ...socket.map(own(OTHERS_ANY, "other users can take and release addresses")),
    ...directories.map(own(OTHERS_WRITE, "other users can replace what lies in it")),
    ...installed.map((path) => ({
      path,
      forbidden: OTHERS_WRITE,
      danger: "other users can replace what runs as root",
      isOwned: false,
    })),
  ];
}

function checkRule(rule: Rule): CheckFinding[] {
  const { path, forbidden, danger, isOwned } = rule;
  const finding = (message: string, fix: string): CheckFinding[] => [
    { check: "permissions", severity: "error", message: `${path} ${message}`, fix },
  ];
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    // In a sticky directory (/tmp) nobody can replace what is another's.
    const isSafe = (found.mode & forbidden) === 0 || (found.isDirectory() && (found.mode & STICKY) !== 0);
    const bits = (found.mode & 0o7777).toString(8).padStart(4, "0");
    const chmod = `chmod ${forbidden === OTHERS_ANY ? "go=" : "go-w"} ${path}`;
    const isStrange = isOwned && found.uid !== 0 && found.uid !== process.geteuid?.();
    return [
      ...(isSafe ? [] : finding(`has mode ${bits}: ${danger}`, chmod)),
      ...(isStrange ? finding(`belongs to user ${found.uid}: ${danger}`, `chown root ${path}`) : []),
    ];
  } catch (error) {
    return finding(`cannot be looked at: ${describeError(error)}`, "run this as root");
  }
}
