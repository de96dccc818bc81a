// SPDX-License-Identifier: Apache-2.0
// What a machine may lack. A layer that cannot run is skipped with one line that says what would enable it, except where
// NV_IPAM_TEST_ALL=1 (as in CI): there it runs and fails.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cache, cached, hasCluster } from "./cache.ts";

/** Directories with the CNI main plugins that the tests delegate from, by their version. */
export const cniPlugins: Readonly<Record<string, string>> = {
  "1.1.1": "/usr/lib/cni",
  "1.9.1": join(cache, "cni-plugins-1.9.1"),
};

/** Where arm64 programs find their libraries under qemu. */
export const arm64Root = "/usr/aarch64-linux-gnu";

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((dir) => existsSync(join(dir, program)));
}

/** `false`, or why the layer is skipped: for the `skip` option of a test. */
export function skipUnless(...needs: readonly (keyof typeof checks)[]): string | false {
  if (process.env.NV_IPAM_TEST_ALL === "1") return false;
  return needs.map((need) => checks[need]()).find((reason) => reason !== false) ?? false;
}

const checks = {
  root: () => process.getuid?.() !== 0 && "needs root (network namespaces, mounts)",
  ip: () => !onPath("ip") && "needs ip: apt-get install iproute2",
  ping: () => !onPath("ping") && "needs ping: apt-get install iputils-ping",
  cni111: () =>
    !existsSync("/usr/lib/cni/bridge") && "needs bridge 1.1.1: apt-get install containernetworking-plugins",
  cni191: () =>
    !existsSync(join(cniPlugins["1.9.1"]!, "bridge")) &&
    "needs bridge 1.9.1: run scripts/test where Go is installed",
  openssl: () => !onPath("openssl") && "needs openssl: apt-get install openssl",
  apiserver: () =>
    (!hasCluster() && "needs kube-apiserver and etcd: run scripts/test where Go is installed") ||
    (!onPath("openssl") && "needs openssl: apt-get install openssl"),
  go: () =>
    !existsSync(cached.goClient) && "needs the Go gRPC client: run scripts/test where Go is installed",
  goStore: () =>
    !existsSync(cached.goStore) && "needs the Go store program: run scripts/test where Go is installed",
  kubectl: () => !existsSync(cached.kubectl) && "needs kubectl: run scripts/test where Go is installed",
  helm: () => !existsSync(cached.helm) && "needs helm: run scripts/test where Go is installed",
  qemu: () => !onPath("qemu-aarch64-static") && "needs qemu: apt-get install qemu-user-static",
  arm64: () =>
    !(
      onPath("aarch64-linux-gnu-gcc") &&
      existsSync(join(arm64Root, "lib")) &&
      readdirSync(join(arm64Root, "lib")).includes("libstdc++.so.6")
    ) &&
    "needs the arm64 toolchain: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross",
  gcc: () => !onPath("gcc") && "needs a C compiler: apt-get install gcc libc6-dev",
  zsh: () => !onPath("zsh") && "needs zsh: apt-get install zsh",
  fish: () => !onPath("fish") && "needs fish: apt-get install fish",
  strace: () => !onPath("strace") && "needs strace: apt-get install strace",
} satisfies Record<string, () => string | false>;
