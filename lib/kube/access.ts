// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Access } from "./credentials.ts";
import { findInCluster, SERVICE_ACCOUNT_DIR } from "./in-cluster.ts";
import { openKubeconfig } from "./kubeconfig.ts";

export type AccessOptions = {
  /** A file that must be used. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig; its current one otherwise. In a pod without a kubeconfig there is none to choose. */
  readonly context?: string | undefined;
  /** Where a process looks unless told otherwise; tests tell. */
  readonly surroundings?: Surroundings;
};

type Surroundings = {
  readonly env: NodeJS.ProcessEnv;
  readonly serviceAccountDir: string;
  readonly home: string;
};

/** The first of: the file asked for, KUBECONFIG, the pod's service account, ~/.kube/config. */
export async function findAccess({ kubeconfig, context, surroundings }: AccessOptions): Promise<Access> {
  const { env, serviceAccountDir, home } = surroundings ?? {
    env: process.env,
    serviceAccountDir: SERVICE_ACCOUNT_DIR,
    home: findHome(),
  };
  if (kubeconfig) {
    if (!existsSync(kubeconfig)) throw new Error(`kubeconfig ${kubeconfig}: no such file`);
    return openKubeconfig([kubeconfig], context);
  }
  if (env.KUBECONFIG) return openKubeconfig(listedFiles(env.KUBECONFIG), context);
  const inCluster = findInCluster(env, serviceAccountDir);
  if (inCluster !== undefined) {
    await inCluster.load(); // what cannot be read now is said at the start
    return inCluster;
  }
  const own = join(home, ".kube", "config");
  if (existsSync(own)) return openKubeconfig([own], context);
  throw new Error(
    `no access to a Kubernetes API: ${whyNotInCluster(env, serviceAccountDir)}, there is no ${own}; name a kubeconfig file by --kubeconfig or KUBECONFIG`,
  );
}

/** Pods often run as a user that their image does not know; Node throws for one that has no HOME either. */
function findHome(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

/** Files that are missing are left out, as kubectl does; at least one must be there. */
function listedFiles(variable: string): string[] {
  const files = variable.split(delimiter).filter((file) => file !== "");
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0) throw new Error(`KUBECONFIG=${variable}: no such file`);
  return there;
}

function whyNotInCluster(env: NodeJS.ProcessEnv, dir: string): string {
  return env.KUBERNETES_SERVICE_HOST && env.KUBERNETES_SERVICE_PORT
    ? `this pod has no service account token (${join(dir, "token")}; is automountServiceAccountToken false?)`
    : "this is no pod (KUBERNETES_SERVICE_HOST is not set)";
}
