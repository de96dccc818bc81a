// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Authority, KeyPair } from "./api-server-certificates.ts";
import type { Client } from "./api-server-request.ts";

/** A rule of a ClusterRole. */
export type PolicyRule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Writes a kubeconfig that carries its certificates itself (JSON, which is YAML). */
export function writeKubeconfig(path: string, url: string, ca: string, pair: KeyPair): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": base64(ca) } }],
    users: [
      {
        name: "test",
        user: { "client-certificate-data": base64(pair.cert), "client-key-data": base64(pair.key) },
      },
    ],
  };
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}

export type UsersOptions = {
  readonly dir: string;
  readonly url: string;
  readonly authority: Authority;
  readonly admin: Client;
};

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** Until the authorizer has seen the binding: it learns of it through a watch of its own. */
async function waitUntilAllowed(admin: Client, user: string, rule: PolicyRule): Promise<void> {
  const [resource, subresource] = rule.resources[0]!.split("/");
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user,
      resourceAttributes: {
        group: rule.apiGroups[0],
        resource,
        verb: rule.verbs[0],
        ...(subresource !== undefined && { subresource }),
        ...(rule.resourceNames && { name: rule.resourceNames[0] }),
      },
    },
  };
  const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  for (;;) {
    const { status } = await admin.post<{ status: { allowed: boolean } }>(path, review);
    if (status.allowed) return;
    await sleep(20);
  }
}

/**
 * A user of the cluster with a client certificate and these rights alone (in every namespace), besides what every
 * authenticated user may: read the discovery documents. Returns the path of the kubeconfig.
 */
export async function createUser(
  { dir, url, authority, admin }: UsersOptions,
  name: string,
  rules: readonly PolicyRule[],
): Promise<string> {
  const pair = authority.issueClient(join(dir, "users"), name);
  if (rules.length > 0) {
    await admin.post(`${RBAC}/clusterroles`, { metadata: { name }, rules });
    await admin.post(`${RBAC}/clusterrolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    });
    for (const rule of rules) await waitUntilAllowed(admin, name, rule);
  }
  return writeKubeconfig(join(dir, "users", `${name}.kubeconfig`), url, authority.cert, pair);
}
