// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A request that the API server has answered. A watch is listed when it ends. */
export type AuditedRequest = {
  readonly user: string;
  readonly userAgent: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uri: string;
  readonly code: number;
  readonly atMs: number;
};

type AuditEvent = {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly objectRef?: Readonly<
    Record<"resource" | "subresource" | "namespace" | "name", string | undefined>
  >;
  readonly responseStatus?: { readonly code: number };
  readonly requestReceivedTimestamp: string;
};

/** Flags that make the API server write down every request of the users that tests create. */
export function auditFlags(dir: string): string[] {
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived", "ResponseStarted"],
    rules: [{ level: "None", userGroups: ["system:masters"] }, { level: "Metadata" }],
  };
  writeFileSync(join(dir, "audit-policy.json"), JSON.stringify(policy));
  return [
    `--audit-policy-file=${join(dir, "audit-policy.json")}`,
    `--audit-log-path=${join(dir, "audit.log")}`,
    "--audit-log-mode=blocking-strict",
  ];
}

/** What users that are not administrators have asked so far, in the order of the answers. */
export function readAudit(dir: string): AuditedRequest[] {
  const file = join(dir, "audit.log");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const event = JSON.parse(line) as AuditEvent;
    const { resource = "", subresource = "", namespace = "", name = "" } = event.objectRef ?? {};
    return {
      user: event.user.username,
      userAgent: event.userAgent ?? "",
      verb: event.verb,
      ...{ resource, subresource, namespace, name },
      uri: event.requestURI,
      code: event.responseStatus?.code ?? 0,
      atMs: Date.parse(event.requestReceivedTimestamp),
    };
  });
}
