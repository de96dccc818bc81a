// SPDX-License-Identifier: Apache-2.0
// Kubeconfig files as kubectl reads them: several are laid over each other, the first one that names a thing counts.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from "@kubernetes/client-node/dist/config_types.js";
import { describeError } from "../log/printable.ts";
import { isObject } from "../pool/fields.ts";

/** Paths in it are absolute. */
export type KubeconfigUser = User & { readonly tokenFile?: string };

export type Kubeconfig = {
  readonly clusters: readonly Cluster[];
  readonly users: readonly KubeconfigUser[];
  readonly contexts: readonly Context[];
  readonly currentContext: string | undefined;
};

type Written = Readonly<Record<string, unknown>>;

/** Rejects with what is wrong with the file or in it. */
export async function readKubeconfig(path: string): Promise<Kubeconfig> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`kubeconfig ${path} cannot be read`, { cause: error });
  });
  try {
    const { parse } = await import("yaml"); // a pod's own access needs none
    return interpret(parse(text, { logLevel: "error" }), dirname(resolve(path)));
  } catch (error) {
    const [line] = describeError(error).split("\n", 1);
    throw new Error(`kubeconfig ${path} is not valid: ${line}`, { cause: error });
  }
}

/** Of things with one name the first counts, as does the first current-context. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  return {
    clusters: configs.flatMap(({ clusters }) => clusters),
    users: configs.flatMap(({ users }) => users),
    contexts: configs.flatMap(({ contexts }) => contexts),
    currentContext: configs.find(({ currentContext }) => currentContext !== undefined)?.currentContext,
  };
}

function interpret(value: unknown, dir: string): Kubeconfig {
  if (!isObject(value)) throw new Error("it holds no object with clusters, users and contexts");
  const current = value["current-context"];
  const absolute = (path: string | undefined): string | undefined => path && resolve(dir, path);
  return {
    clusters: newClusters(value.clusters).map((cluster) => {
      return { ...cluster, ...definedOnly({ caFile: absolute(cluster.caFile) }) };
    }),
    users: newUsers(value.users).map((user) => ({
      ...user,
      ...(isObject(user.exec) && { exec: absoluteCommand(user.exec, dir) }),
      ...definedOnly({
        certFile: absolute(user.certFile),
        keyFile: absolute(user.keyFile),
        tokenFile: absolute(writtenTokenFile(value.users, user.name)),
      }),
    })),
    contexts: newContexts(value.contexts),
    currentContext: typeof current === "string" && current !== "" ? current : undefined,
  };
}

/** The library knows this field under another name only. */
function writtenTokenFile(users: unknown, name: string): string | undefined {
  const entry = Array.isArray(users) ? users.find((item) => isObject(item) && item.name === name) : undefined;
  const user = isObject(entry) && isObject(entry.user) ? entry.user : {};
  return typeof user.tokenFile === "string" ? user.tokenFile : undefined;
}

/** A command with a "/" lies relative to the file that names it; others are looked up in PATH. */
function absoluteCommand(exec: Written, dir: string): Written {
  const { command } = exec;
  return typeof command === "string" && command.includes("/")
    ? { ...exec, command: resolve(dir, command) }
    : exec;
}

function definedOnly<T extends Readonly<Record<string, string | undefined>>>(
  fields: T,
): { [K in keyof T]?: string } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(known) as { [K in keyof T]?: string };
}
