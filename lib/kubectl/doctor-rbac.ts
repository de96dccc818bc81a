// SPDX-License-Identifier: Apache-2.0
import { type Api, textAt, valueAt } from "./api.ts";
import { inTurns } from "./ask-daemon.ts";
import type { Diagnosis, Finding } from "./finding.ts";

export type ServiceAccount = { readonly namespace: string; readonly name: string };

export type RbacSubjects = {
  readonly node: ServiceAccount;
  readonly controller: ServiceAccount;
  /** Of the pools, and of the controller's lease. */
  readonly namespace: string;
};

type Rule = {
  readonly group: string;
  /** With the subresource, "ippools/status". */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Absent: in all namespaces, or of the cluster. */
  readonly namespace?: string;
  readonly name?: string;
  /** What is lost without it. */
  readonly purpose: string;
};

const GROUP = "nv-ipam.nvidia.com";
const LEASE = "dd1643cf.nvidia.com";

function nodeRules(namespace: string): Rule[] {
  const pools = { group: GROUP, verbs: ["list", "watch"], namespace, purpose: "it learns of no pool" };
  return [
    { ...pools, resource: "ippools" },
    { ...pools, resource: "cidrpools" },
    {
      group: "",
      resource: "pods",
      verbs: ["get", "list", "watch"],
      purpose: "stale reservations stay for ever",
    },
    {
      group: "",
      resource: "events",
      verbs: ["create", "get", "patch"],
      purpose: "pods that wait for an address are not told why",
    },
  ];
}

function controllerRules(namespace: string): Rule[] {
  const pools = { group: GROUP, verbs: ["list", "watch"], namespace, purpose: "no node gets a block" };
  const status = { ...pools, verbs: ["update"] };
  const lease = {
    group: "coordination.k8s.io",
    resource: "leases",
    namespace,
    purpose: "it cannot become the leader",
  };
  return [
    { ...pools, resource: "ippools" },
    { ...pools, resource: "cidrpools" },
    { ...status, resource: "ippools/status" },
    { ...status, resource: "cidrpools/status" },
    { group: "", resource: "nodes", verbs: ["list", "watch"], purpose: "no node gets a block" },
    {
      group: "",
      resource: "events",
      verbs: ["create", "get", "patch"],
      namespace,
      purpose: "pools are not told what is wrong",
    },
    { ...lease, verbs: ["create"] },
    { ...lease, verbs: ["get", "update"], name: LEASE },
  ];
}

/** Whether the service accounts may do all that daemon and controller do. */
export async function diagnoseRbac(
  api: Api,
  { node, controller, namespace }: RbacSubjects,
): Promise<Diagnosis> {
  const questions = [
    ...nodeRules(namespace).map((rule) => ({ account: node, rule })),
    ...controllerRules(namespace).map((rule) => ({ account: controller, rule })),
  ];
  const answers = await inTurns(questions, async ({ account, rule }) => {
    const verdicts = await Promise.all(rule.verbs.map((verb) => isAllowed(api, account, rule, verb)));
    return rule.verbs.filter((_, i) => !verdicts[i]);
  });
  const findings = questions.flatMap(({ account, rule }, i) => lackFinding(account, rule, answers[i]!));
  return { findings, unchecked: [] };
}

async function isAllowed(api: Api, account: ServiceAccount, rule: Rule, verb: string): Promise<boolean> {
  const [resource, subresource] = rule.resource.split("/");
  const review = await api.call({
    verb: "create",
    resource: { group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews" },
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: `system:serviceaccount:${account.namespace}:${account.name}`,
        groups: [
          "system:serviceaccounts",
          `system:serviceaccounts:${account.namespace}`,
          "system:authenticated",
        ],
        resourceAttributes: {
          ...{ verb, group: rule.group, resource },
          ...(subresource !== undefined && { subresource }),
          ...(rule.namespace !== undefined && { namespace: rule.namespace }),
          ...(rule.name !== undefined && { name: rule.name }),
        },
      },
    },
  });
  const allowed = valueAt(review, "status", "allowed");
  if (typeof allowed !== "boolean")
    throw new Error(
      `the API does not say what ${account.name} may: ${textAt(review, "status", "evaluationError")}`,
    );
  return allowed;
}

function lackFinding({ namespace, name }: ServiceAccount, rule: Rule, lacking: readonly string[]): Finding[] {
  if (lacking.length === 0) return [];
  const verbs = lacking.map((verb) => `"${verb}"`).join(", ");
  const where = rule.namespace === undefined ? "" : ` in namespace ${rule.namespace}`;
  const what = rule.name === undefined ? rule.resource : `${rule.resource} ${rule.name}`;
  const kind = rule.namespace === undefined ? "ClusterRole" : `Role in ${rule.namespace}`;
  return [
    {
      check: "rbac",
      severity: rule.resource === "events" ? "warning" : "error",
      message: `service account ${namespace}/${name} may not ${verbs} ${what}${where}: ${rule.purpose}`,
      fix: `apply the RBAC objects of this version (install/), or add ${verbs} on "${rule.resource}" of API group "${rule.group}" to its ${kind}`,
    },
  ];
}
