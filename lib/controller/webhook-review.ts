// SPDX-License-Identifier: Apache-2.0
// AdmissionReview (admission.k8s.io/v1) in, AdmissionReview out: a function without effects, so dry runs need no care.
import { isDeepStrictEqual } from "node:util";
import { isObject } from "../pool/fields.ts";
import { type PoolResource, readResource } from "../pool/manifest.ts";
import type { Problem } from "../pool/pool.ts";
import { parsePool } from "../pool/validate.ts";
import type { PoolKind } from "./pool-record.ts";
import { describeMoves } from "./webhook-moves.ts";

/** The answer to one review; `problems` are why it is refused, none when it is allowed. */
export type Review = {
  readonly body: AdmissionReview;
  readonly problems: readonly Problem[];
  /** "NAMESPACE/NAME" of the pool, for the log. */
  readonly pool: string;
};

type AdmissionReview = {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "AdmissionReview";
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly warnings?: readonly string[];
    readonly status?: Status;
  };
};

/** meta/v1 Status, as far as a refusal needs it; kubectl prints the causes. */
type Status = {
  readonly status: "Failure";
  readonly code: 422;
  readonly reason: "Invalid";
  readonly message: string;
  readonly details: {
    readonly name: string;
    readonly group: string;
    readonly kind: PoolKind;
    readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[];
  };
};

const API_VERSION = "admission.k8s.io/v1";
const GROUP = "nv-ipam.nvidia.com";

// An answer has to stay readable and small whatever was sent.
const MOST_PROBLEMS = 500;

/**
 * Judges the pool that `review` carries; `blocksWait` as describeMoves has it. A text says why the review itself makes no
 * sense: the caller's error.
 */
export function reviewPool(
  kind: PoolKind,
  review: unknown,
  blocksWait = false,
): Review | { readonly malformed: string } {
  if (!isObject(review) || review.kind !== "AdmissionReview" || review.apiVersion !== API_VERSION) {
    return { malformed: `expected an AdmissionReview of ${API_VERSION}` };
  }
  const { request } = review;
  if (!isObject(request) || typeof request.uid !== "string" || request.uid === "") {
    return { malformed: "request.uid is missing" };
  }
  const { object, oldObject, operation, subResource } = request;
  // A deletion carries no object, and a subresource cannot change the spec: nothing to judge.
  const judged = (operation === "CREATE" || operation === "UPDATE") && !subResource;
  if (judged && !isObject(object)) return { malformed: "request.object is missing" };
  const pool = `${textOf(request.namespace)}/${textOf(request.name) || textOf(metadataOf(object).name)}`;
  const verdict: Verdict = judged
    ? judge(kind, { object, oldObject, blocksWait })
    : { problems: [], warnings: [] };
  return {
    body: answer(kind, { ...verdict, uid: request.uid, name: pool.split("/")[1]! }),
    problems: verdict.problems,
    pool,
  };
}

type Verdict = { readonly problems: readonly Problem[]; readonly warnings: readonly string[] };

type Edit = { readonly object: unknown; readonly oldObject: unknown; readonly blocksWait: boolean };

function judge(kind: PoolKind, { object, oldObject, blocksWait }: Edit): Verdict {
  const spec = isObject(object) ? object.spec : undefined;
  const oldSpec = isObject(oldObject) ? oldObject.spec : undefined;
  // Labels, finalizers and owners of a pool that was never valid must stay editable, or it cannot even be deleted.
  if (isObject(oldObject) && isDeepStrictEqual(spec, oldSpec)) return { problems: [], warnings: [] };
  const { resource, problems } = readPool(object);
  if (resource?.kind !== kind) {
    const field = "kind";
    return { problems: [...problems, { field, message: `must be ${kind} at this path` }], warnings: [] };
  }
  const result = parsePool(resource, problems);
  if ("problems" in result) return { problems: result.problems, warnings: [] };
  const last = readPool(oldObject).resource?.allocations ?? [];
  const edited = changedFields(oldSpec, spec).map((name) => `spec.${name}`);
  const warnings = describeMoves(result.pool, last, blocksWait).map(
    (line) => `${edited.join(", ")}: ${line}`,
  );
  return { problems: [], warnings };
}

/** Whoever wrote the status, and whatever is in it, no edit of the spec is refused for it. */
function readPool(object: unknown): { resource?: PoolResource; problems: readonly Problem[] } {
  const { resource, problems } = readResource(object, { strict: false });
  const own = problems.filter(({ field }) => !/^status\b/.test(field));
  return resource === undefined || resource.kind === "Node" ? { problems: own } : { resource, problems: own };
}

function changedFields(before: unknown, after: unknown): string[] {
  if (!isObject(before) || !isObject(after)) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}

function answer(
  kind: PoolKind,
  { uid, name, problems, warnings }: Verdict & { readonly uid: string; readonly name: string },
): AdmissionReview {
  const allowed = problems.length === 0;
  return {
    apiVersion: API_VERSION,
    kind: "AdmissionReview",
    response: {
      uid,
      allowed,
      ...(warnings.length > 0 && { warnings }),
      ...(!allowed && { status: refusal(kind, name, problems) }),
    },
  };
}

function refusal(kind: PoolKind, name: string, problems: readonly Problem[]): Status {
  const shown = problems.slice(0, MOST_PROBLEMS);
  const more = problems.length > shown.length ? `; and ${problems.length - shown.length} more` : "";
  return {
    status: "Failure",
    code: 422,
    reason: "Invalid",
    message: shown.map(({ field, message }) => `${field}: ${message}`).join("; ") + more,
    details: {
      name,
      group: GROUP,
      kind,
      causes: shown.map(({ field, message }) => ({ reason: "FieldValueInvalid", field, message })),
    },
  };
}

function metadataOf(object: unknown): Readonly<Record<string, unknown>> {
  return isObject(object) && isObject(object.metadata) ? object.metadata : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
