// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { request } from "node:https";
import { connect } from "node:tls";
import { test } from "tap";
import { startWebhook } from "../../lib/controller/webhook.ts";
import { silentLog } from "../support/log.ts";
import { CIDRPOOL_PATH, IPPOOL_PATH, makePair, runWebhook, send, withoutPairs } from "./webhook-fixture.ts";
import { poolObject, reviewOf } from "./webhook-review-setup.ts";

const pair = makePair("webhook");
const ca = pair.cert;
const good = poolObject("IPPool", { subnet: "10.0.0.0/24", perNodeBlockSize: 10, gateway: "10.0.0.1" });
const review = JSON.stringify(reviewOf(good));
const json = { "content-type": "application/json" };

test("a review of each kind is answered", { skip: withoutPairs }, async (t) => {
  const webhook = await runWebhook(t, pair);
  t.equal(webhook.notReady(), undefined);
  const { status, text, message } = await send(webhook, ca, { body: review });
  t.equal(status, 200);
  t.equal(message.headers["content-type"], "application/json");
  t.match(JSON.parse(text), {
    kind: "AdmissionReview",
    response: { uid: reviewOf(good).request.uid, allowed: true },
  });
  const bad = poolObject("CIDRPool", { cidr: "10.0.0.1/16", perNodeNetworkPrefix: 8 });
  const refused = await send(webhook, ca, { path: CIDRPOOL_PATH, body: JSON.stringify(reviewOf(bad)) });
  t.equal(refused.status, 200);
  t.match(JSON.parse(refused.text), {
    response: { allowed: false, status: { code: 422, reason: "Invalid" } },
  });
  t.match(
    webhook.events.filter(({ message }) => message === "pool refused"),
    [{ level: "info", fields: { kind: "CIDRPool", pool: "kube-system/p" } }],
  );
});

const wrong: [what: string, options: Parameters<typeof send>[2], status: number, says: RegExp][] = [
  ["another path", { path: "/validate", body: review }, 404, /not found/],
  ["a path that every object has", { path: "/constructor", body: review }, 404, /not found/],
  ["the root", { path: "/", method: "GET" }, 404, /not found/],
  ["GET", { method: "GET" }, 405, /POST only/],
  ["PUT", { method: "PUT", body: review }, 405, /POST only/],
  ["no content type", { headers: {}, body: review }, 415, /application\/json/],
  [
    "another content type",
    { headers: { "content-type": "application/jsonx" }, body: review },
    415,
    /application/,
  ],
  ["an empty body", {}, 400, /the body is not JSON/],
  ["broken JSON", { body: review.slice(0, -1) }, 400, /the body is not JSON/],
  ["no review", { body: "{}" }, 400, /expected an AdmissionReview of admission.k8s.io\/v1/],
  [
    "a review without request",
    { body: JSON.stringify({ ...reviewOf(good), request: 1 }) },
    400,
    /request.uid/,
  ],
];

test("what is no review gets a status that says so", { skip: withoutPairs }, async (t) => {
  const webhook = await runWebhook(t, pair);
  for (const [what, options, status, says] of wrong) {
    const reply = await send(webhook, ca, options);
    t.equal(reply.status, status, what);
    t.match(reply.text, says, what);
  }
  t.equal((await send(webhook, ca, { path: IPPOOL_PATH, body: review })).status, 200, "and goes on serving");
});

test("a content type with parameters", { skip: withoutPairs }, async (t) => {
  const webhook = await runWebhook(t, pair);
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  t.equal((await send(webhook, ca, { headers, body: review })).status, 200);
});

test("a pool whose status fills etcd fits, more than 5 MiB does not", { skip: withoutPairs }, async (t) => {
  const webhook = await runWebhook(t, pair);
  const status = { allocations: [], filler: "x".repeat(1_500_000) };
  const old = { ...good, status };
  const large = JSON.stringify(reviewOf({ ...old, spec: { ...good.spec, perNodeBlockSize: 5 } }, old));
  t.equal((await send(webhook, ca, { body: large })).status, 200);

  const announced = request({ host: "127.0.0.1", port: webhook.port, ca, method: "POST", path: IPPOOL_PATH });
  announced.setHeader("content-type", "application/json");
  announced.setHeader("content-length", 5 * 1024 * 1024 + 1);
  announced.flushHeaders();
  const [early] = await once(announced, "response");
  t.equal(early.statusCode, 413, "refused before the body comes");
  announced.destroy();

  const chunked = request({ host: "127.0.0.1", port: webhook.port, ca, method: "POST", path: IPPOOL_PATH });
  for (const [name, value] of Object.entries(json)) chunked.setHeader(name, value);
  chunked.write(Buffer.alloc(5 * 1024 * 1024 + 1, " "));
  const [late] = await once(chunked, "response");
  t.equal(late.statusCode, 413, "refused without an announced length");
  chunked.destroy();
});

test("a caller that breaks off harms nobody", { skip: withoutPairs }, async (t) => {
  const webhook = await runWebhook(t, pair);
  const broken = request({
    host: "127.0.0.1",
    port: webhook.port,
    ca,
    method: "POST",
    path: IPPOOL_PATH,
    headers: json,
  });
  broken.on("error", () => undefined);
  broken.write('{"kind"');
  await once(broken, "socket");
  broken.destroy();
  t.equal((await send(webhook, ca, { body: review })).status, 200);
});

/** What a handshake with these protocol versions gives: the version agreed on or the error's code. */
async function shake(
  port: number,
  minVersion: "TLSv1" | "TLSv1.2",
  maxVersion: "TLSv1.1" | "TLSv1.2" | "TLSv1.3",
) {
  // Old protocols need the library's security level 0 on the caller's side; else it would not even ask.
  const socket = connect({
    host: "127.0.0.1",
    port,
    ca,
    minVersion,
    maxVersion,
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  try {
    await once(socket, "secureConnect");
    return socket.getProtocol();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

test("TLS 1.2 and 1.3 only", { skip: withoutPairs }, async (t) => {
  const { port } = await runWebhook(t, pair);
  t.equal(await shake(port, "TLSv1.2", "TLSv1.3"), "TLSv1.3");
  t.equal(await shake(port, "TLSv1.2", "TLSv1.2"), "TLSv1.2");
  t.equal(await shake(port, "TLSv1", "TLSv1.1"), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
});

test("an address that is taken is the system's error", { skip: withoutPairs }, async (t) => {
  const { port, dir } = await runWebhook(t, pair);
  const again = startWebhook({ certDir: dir, address: { host: "127.0.0.1", port }, log: silentLog });
  await t.rejects(again, { code: "EADDRINUSE" });
});

test("a stop answers the review that has begun, and closes what is idle", {
  skip: withoutPairs,
}, async (t) => {
  const webhook = await runWebhook(t, pair);
  const begun = request({
    host: "127.0.0.1",
    port: webhook.port,
    ca,
    method: "POST",
    path: IPPOOL_PATH,
    headers: json,
  });
  begun.write(review.slice(0, 10));
  const [socket] = await once(begun, "socket");
  await once(socket, "secureConnect");
  // Another one over and done: by then the server has the first one's beginning.
  await send(webhook, ca, { body: review });
  const stopped = webhook.stop();
  begun.end(review.slice(10));
  const [message] = await once(begun, "response");
  t.equal(message.statusCode, 200);
  message.resume();
  await stopped;
  await t.rejects(send(webhook, ca, { body: review }), { code: "ECONNREFUSED" });
});
