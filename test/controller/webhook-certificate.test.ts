// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { unlinkSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { test } from "tap";
import { servingCertDir } from "../../lib/controller/webhook-certificate.ts";
import { IPPOOL_PATH, makePair, mountPair, runWebhook, send, withoutPairs } from "./webhook-fixture.ts";
import { poolObject, reviewOf } from "./webhook-review-setup.ts";

const one = makePair("one");
const two = makePair("two");
const ca = one.cert + two.cert;
const body = JSON.stringify(reviewOf(poolObject("IPPool", { subnet: "10.0.0.0/24", perNodeBlockSize: 10 })));

/** Whose certificate a new connection gets; the error's code when it gets none. */
async function served({ port }: { readonly port: number }): Promise<string | undefined> {
  const socket = connect({ host: "127.0.0.1", port, ca });
  try {
    await once(socket, "secureConnect");
    const { CN } = socket.getPeerCertificate().subject;
    return String(CN);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    socket.destroy();
  }
}

const warnings = ({ events }: { readonly events: readonly { level: string; fields?: unknown }[] }) =>
  events.filter(({ level }) => level === "warn");

test("the default place is the Go webhook's", (t) => {
  t.equal(servingCertDir(), join(tmpdir(), "k8s-webhook-server/serving-certs"));
  t.end();
});

test("a new pair is served from the next look on; open connections go on", {
  skip: withoutPairs,
}, async (t) => {
  const webhook = await runWebhook(t, one);
  t.equal(await served(webhook), "one");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(async () => agent.destroy());
  const before = await send(webhook, ca, { agent, body });
  mountPair(webhook.dir, "..2", two);
  t.equal(await served(webhook), "one", "not before it looks");
  await webhook.tick();
  t.equal(await served(webhook), "two");
  const sent = request({
    host: "127.0.0.1",
    port: webhook.port,
    ca,
    agent,
    method: "POST",
    path: IPPOOL_PATH,
    headers: { "content-type": "application/json" },
  });
  sent.end(body);
  const [message] = await once(sent, "response");
  message.resume();
  t.equal(before.status, 200);
  t.equal(message.statusCode, 200);
  t.equal(sent.reusedSocket, true, "on the connection made under the old certificate");
  t.equal(String((sent.socket as TLSSocket).getPeerCertificate().subject.CN), "one");
  t.same(warnings(webhook), []);
});

test("the same contents behind a new directory are no news", { skip: withoutPairs }, async (t) => {
  const webhook = await runWebhook(t, one);
  const said = webhook.events.length;
  mountPair(webhook.dir, "..2", one);
  await webhook.tick();
  await webhook.tick();
  t.equal(webhook.events.length, said);
});

test("a pair that does not match is said once, and the old one stays until it does", {
  skip: withoutPairs,
}, async (t) => {
  const webhook = await runWebhook(t, one);
  mountPair(webhook.dir, "..2", { cert: two.cert, key: one.key });
  await webhook.tick();
  await webhook.tick();
  t.equal(await served(webhook), "one");
  t.equal(webhook.notReady(), undefined);
  t.match(warnings(webhook), [{ fields: { problem: "tls.key is not the key of tls.crt" } }]);
  t.equal(warnings(webhook).length, 1);
  mountPair(webhook.dir, "..3", two);
  await webhook.tick();
  t.equal(await served(webhook), "two");
});

test("a pair that goes or breaks leaves the old one; each change is said once", {
  skip: withoutPairs,
}, async (t) => {
  const webhook = await runWebhook(t, one);
  unlinkSync(join(webhook.dir, "..data", "tls.key"));
  await webhook.tick();
  await webhook.tick();
  mountPair(webhook.dir, "..2", { cert: "no certificate", key: two.key });
  await webhook.tick();
  await webhook.tick();
  t.equal(await served(webhook), "one");
  t.match(
    warnings(webhook).map(({ fields }) => fields),
    [{ problem: /ENOENT.*tls\.key/ }, { problem: /^tls.crt or tls.key is not what it should be: / }],
  );
  t.equal(warnings(webhook).length, 2);
});

test("without a first pair it waits, says so, and serves when it comes", {
  skip: withoutPairs,
}, async (t) => {
  const webhook = await runWebhook(t);
  t.match(webhook.notReady(), /^webhook: no certificate yet: ENOENT.*tls\.crt/);
  t.match(await served(webhook), /^ERR_SSL_.*HANDSHAKE_FAILURE$/);
  await webhook.tick();
  t.equal(warnings(webhook).length, 1, "said once");
  mountPair(webhook.dir, "..1", { cert: one.cert });
  await webhook.tick();
  t.match(webhook.notReady(), /ENOENT.*tls\.key/);
  mountPair(webhook.dir, "..2", { cert: one.cert, key: two.key });
  await webhook.tick();
  t.equal(webhook.notReady(), "webhook: no certificate yet: tls.key is not the key of tls.crt");
  mountPair(webhook.dir, "..3", one);
  await webhook.tick();
  t.equal(webhook.notReady(), undefined);
  t.equal(await served(webhook), "one");
});
