// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";

type Teardown = { teardown(end: () => unknown): void };

export type Namespace = {
  readonly name: string;
  /** For CNI_NETNS. */
  readonly path: string;
  /** Runs a program inside: [file, ...arguments] before its own. */
  readonly exec: readonly string[];
};

/** A network namespace of its own, deleted when the test ends. */
export function makeNamespace(t: Teardown, label: string): Namespace {
  const name = `nvt-${label}-${randomBytes(4).toString("hex")}`;
  execFileSync("ip", ["netns", "add", name]);
  t.teardown(() => execFileSync("ip", ["netns", "del", name]));
  return { name, path: `/run/netns/${name}`, exec: ["ip", "netns", "exec", name] };
}

/** `ip ARGS` inside a namespace. */
export function ipIn(namespace: Namespace, ...args: string[]): string {
  return execFileSync("ip", ["-n", namespace.name, ...args], { encoding: "utf8" });
}
