// SPDX-License-Identifier: Apache-2.0
// Access of a pod: the environment names the server, kubelet mounts token and CA and swaps both when they are renewed.
import { existsSync } from "node:fs";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import type { Access } from "./credentials.ts";
import { readSecretFile } from "./secret-file.ts";

export const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Undefined outside a pod, or in one without a service account's token. */
export function findInCluster(env: NodeJS.ProcessEnv, dir: string): Access | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port || !existsSync(join(dir, "token"))) return undefined;
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    origin: "in-cluster",
    async load() {
      const [token, ca] = await Promise.all([
        readSecretFile(join(dir, "token"), "the pod's service account token"),
        readSecretFile(join(dir, "ca.crt"), "the cluster's CA"),
      ]);
      return { ca, headers: { authorization: `Bearer ${token.toString("utf8").trim()}` } };
    },
    forget: () => undefined,
  };
}
