// SPDX-License-Identifier: Apache-2.0
// What the tests stand on and scripts/test builds once: in the user's cache, outside the checkout.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The cache of this project; scripts/fetch-kubernetes and scripts/test fill it. */
export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nv-ipam");

const modules = resolve(import.meta.dirname, "../cluster");

function listVersions(prefix: string): string[] {
  return readdirSync(modules)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** The Kubernetes releases that the tests run against, oldest first: one for each module in test/cluster. */
export const kubernetesVersions: readonly string[] = listVersions("kube-");

/** The release that tests use when they do not say. */
export const newestKubernetes = kubernetesVersions.at(-1)!;

// As scripts/fetch-kubernetes does it: a hash of the lines that sha256sum prints for each source.
function hashSources(dir: string): string {
  const hash = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
  const sources = readdirSync(dir).filter((name) => name.endsWith(".go"));
  const names = ["go.mod", "go.sum", ...sources.sort().map((name) => `./${name}`)];
  return hash(names.map((name) => `${hash(readFileSync(join(dir, name)))}  ${name}\n`).join("")).slice(0, 16);
}

/** Executables in the cache, whether they are there or not. */
export const cached = {
  etcd: join(cache, `etcd-${listVersions("etcd-").at(-1)}`, "etcd"),
  helm: join(cache, `helm-${listVersions("helm-").at(-1)}`, "helm"),
  kubectl: join(cache, `kubernetes-${newestKubernetes}`, "kubectl"),
  goClient: join(cache, `go-client-${hashSources(join(modules, "go-client"))}`, "go-client"),
  goStore: join(cache, `go-store-${hashSources(join(modules, "go-store"))}`, "go-store"),
  kubeApiServer: (version: string) => join(cache, `kubernetes-${version}`, "kube-apiserver"),
};

/** Whether everything is there that a cluster of any of the versions needs. */
export function hasCluster(): boolean {
  return [cached.etcd, cached.kubectl, ...kubernetesVersions.map(cached.kubeApiServer)].every((file) =>
    existsSync(file),
  );
}
