// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import type { PoolKind } from "../../lib/controller/pool-record.ts";
import { reviewPool } from "../../lib/controller/webhook-review.ts";
import { poolObject, reviewOf } from "./webhook-review-setup.ts";

const good = { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" };
const bad = { subnet: "10.0.0.0/24", perNodeBlockSize: 300, gateway: "10.1.0.1", routes: [{ dst: "x" }] };

function responseTo(kind: PoolKind, review: unknown) {
  const result = reviewPool(kind, review);
  if ("malformed" in result) throw new Error(result.malformed);
  return result.body.response;
}

test("a valid pool is allowed, with the uid of the request", (t) => {
  t.same(reviewPool("IPPool", reviewOf(poolObject("IPPool", good))), {
    body: {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "705ab4f5-6393-11e8-b7cc-42010a800002", allowed: true },
    },
    problems: [],
    pool: "kube-system/p",
  });
  t.end();
});

test("a refusal lists every problem with its field, in the message and as causes", (t) => {
  const { allowed, status, warnings } = responseTo("IPPool", reviewOf(poolObject("IPPool", bad)));
  t.equal(allowed, false);
  t.equal(warnings, undefined);
  const causes = [
    ["spec.perNodeBlockSize", "300 is more than the 254 usable addresses of 10.0.0.0/24"],
    ["spec.gateway", "10.1.0.1 is not an address of 10.0.0.0/24"],
    ["spec.routes[0].dst", '"x" is not a network as ADDRESS/LENGTH'],
  ] as const;
  t.same(status, {
    status: "Failure",
    code: 422,
    reason: "Invalid",
    message: causes.map(([field, message]) => `${field}: ${message}`).join("; "),
    details: {
      name: "p",
      group: "nv-ipam.nvidia.com",
      kind: "IPPool",
      causes: causes.map(([field, message]) => ({ reason: "FieldValueInvalid", field, message })),
    },
  });
  t.end();
});

test("a name that no CNI network can have", (t) => {
  const object = poolObject("IPPool", good, { metadata: { name: "-p" } });
  t.match(responseTo("IPPool", reviewOf(object)).status?.message, /^metadata\.name: "-p" does not fit/);
  t.end();
});

test("CIDRPools, and fields of the future", (t) => {
  const spec = { cidr: "10.0.0.0/16", perNodeNetworkPrefix: 24, gatewayIndex: 1 };
  t.ok(responseTo("CIDRPool", reviewOf(poolObject("CIDRPool", { ...spec, newer: true }))).allowed);
  const wrong = poolObject("CIDRPool", { ...spec, cidr: "10.0.0.1/16" });
  t.match(responseTo("CIDRPool", reviewOf(wrong)).status?.message, /^spec\.cidr: .* host bits/);
  t.end();
});

test("an update that leaves an invalid spec alone is allowed", (t) => {
  const old = poolObject("IPPool", bad);
  const labelled = poolObject("IPPool", { ...bad }, { metadata: { labels: { a: "b" }, generation: 2 } });
  t.same(responseTo("IPPool", reviewOf(labelled, old)).allowed, true);
  const edited = poolObject("IPPool", { ...bad, defaultGateway: true });
  t.equal(responseTo("IPPool", reviewOf(edited, old)).allowed, false);
  t.end();
});

test("deletions, connections and subresources are not judged", (t) => {
  t.ok(responseTo("IPPool", reviewOf(null, poolObject("IPPool", bad), { operation: "DELETE" })).allowed);
  t.ok(responseTo("IPPool", reviewOf(null, null, { operation: "CONNECT" })).allowed);
  const object = poolObject("IPPool", bad);
  t.ok(responseTo("IPPool", reviewOf(object, poolObject("IPPool", good), { subResource: "status" })).allowed);
  t.end();
});

test("a status of any content never stops an edit of the spec", (t) => {
  const status = { allocations: [{ nodeName: 5 }, "x"], conditions: "none" };
  const old = poolObject("IPPool", bad, { status });
  t.equal(responseTo("IPPool", reviewOf(poolObject("IPPool", good, { status }), old)).allowed, true);
  t.end();
});

test("a pool of the other kind at this path", (t) => {
  const review = reviewOf(poolObject("IPPool", good));
  t.match(responseTo("CIDRPool", review).status?.message, /^kind: must be CIDRPool at this path/);
  t.end();
});

test("very many problems: the answer stays small and says how many more there are", (t) => {
  const exclusions = Array.from({ length: 20_000 }, () => ({ startIP: "x", endIP: "y" }));
  const { status } = responseTo("IPPool", reviewOf(poolObject("IPPool", { ...good, exclusions })));
  t.equal(status?.details.causes.length, 500);
  t.match(status?.message, /; and 39500 more$/);
  t.end();
});

const malformed: [string, unknown, RegExp][] = [
  ["null", null, /expected an AdmissionReview/],
  ["a list", [], /expected an AdmissionReview/],
  [
    "another version",
    { ...reviewOf({}), apiVersion: "admission.k8s.io/v1beta1" },
    /of admission.k8s.io\/v1$/,
  ],
  ["another kind", { ...reviewOf({}), kind: "Pod" }, /expected an AdmissionReview/],
  ["no request", { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" }, /request.uid/],
  ["no uid", reviewOf({}, undefined, { uid: "" }), /request.uid/],
  ["no object", reviewOf(undefined), /request.object/],
];

for (const [what, review, says] of malformed) {
  test(`malformed: ${what}`, (t) => {
    t.match(reviewPool("IPPool", review), { malformed: says });
    t.end();
  });
}
