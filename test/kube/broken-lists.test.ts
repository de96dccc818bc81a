// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { hasStatus } from "../../lib/kube/error.ts";
import { watchNodes } from "../../lib/kube/nodes.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { follow, quick, until } from "./cluster-fixture.ts";
import { page, sendJson, sendStatus, startScriptedApi } from "./scripted-api.ts";

test("500 on page two: half a list is none", async (t) => {
  let fails = 2;
  const api = await startScriptedApi(t, ({ query }, response) => {
    if (query.has("watch")) return void response.writeHead(200).flushHeaders();
    if (!query.has("continue")) return sendJson(response, 200, page(["a"], { more: "two" }));
    if (fails-- > 0) return sendStatus(response, 500, "InternalError");
    sendJson(response, 200, page(["b"]));
  });
  const { log, events } = recordingLog();
  const nodes = watchNodes(api.cluster, { log, timing: quick });
  const told = await follow(t, nodes);
  t.strictSame(told.take(), ["+a", "+b"]);
  await until(() => nodes.trouble === undefined);
  t.strictSame(
    events.map(({ message }) => message),
    ["waiting for nodes", "nodes are up to date again"],
    "said once, though it failed twice",
  );
  t.equal(api.asked[0]?.query.get("limit"), "500");
});

test("410 between two pages: the list starts anew at once", async (t) => {
  let round = 0;
  const api = await startScriptedApi(t, ({ query }, response) => {
    if (query.has("watch")) return void response.writeHead(200).flushHeaders();
    if (!query.has("continue")) return sendJson(response, 200, page([`first-${++round}`], { more: "two" }));
    if (round === 1) return sendStatus(response, 410, "Expired");
    sendJson(response, 200, page(["b"]));
  });
  const { log, events } = recordingLog();
  const nodes = watchNodes(api.cluster, { log, timing: quick });
  const told = await follow(t, nodes);
  t.strictSame(told.take(), ["+first-2", "+b"], "nothing of the first try is left");
  t.strictSame(events, [], "and nobody needs to know");
});

for (const [what, body] of Object.entries({
  "no list": { metadata: { resourceVersion: "1" } },
  "no version": { metadata: {}, items: [] },
  "a nameless object": { metadata: { resourceVersion: "1" }, items: [{ metadata: {} }] },
  "no object": [],
})) {
  test(`an answer that makes no sense is not taken in: ${what}`, async (t) => {
    let good = false;
    const api = await startScriptedApi(t, ({ query }, response) => {
      if (query.has("watch")) return void response.writeHead(200).flushHeaders();
      sendJson(response, 200, good ? { metadata: { resourceVersion: "1" }, items: null } : body);
    });
    const nodes = watchNodes(api.cluster, { log: silentLog, timing: quick });
    nodes.start();
    t.teardown(() => nodes.stop());
    await until(() => nodes.trouble !== "nodes are not listed yet");
    t.match(nodes.trouble, /^the API's answer /);
    t.equal(nodes.synced, false);
    good = true;
    await nodes.whenSynced();
    t.strictSame(nodes.list(), []);
  });
}

test("a server that does not speak yet: quick tries at the start", async (t) => {
  let tries = 0;
  const api = await startScriptedApi(t, ({ query }, response) => {
    if (query.has("watch")) return void response.writeHead(200).flushHeaders();
    if (++tries < 4) response.destroy();
    else sendJson(response, 200, page(["a"]));
  });
  const nodes = watchNodes(api.cluster, { log: silentLog });
  const began = performance.now();
  await follow(t, nodes);
  t.ok(performance.now() - began < 8000, "three failures cost no more than seconds");
});

for (const bytes of [50_000, 70_000, Number.POSITIVE_INFINITY]) {
  test(`an error text of ${bytes} bytes is cut, what the head says stays`, async (t) => {
    let isClosed = false;
    const api = await startScriptedApi(t, (_asked, response) => {
      response.writeHead(503, { "content-type": "text/plain", "retry-after": "5" });
      response.write("x".repeat(Math.min(bytes, 1_000_000)));
      if (Number.isFinite(bytes)) response.end();
      else response.on("close", () => (isClosed = true));
    });
    const resource = { group: "", version: "v1", plural: "nodes" };
    const error = await api.cluster.call({ verb: "list", resource }).catch((caught: unknown) => caught);
    t.ok(hasStatus(error, 503));
    t.match(error, { message: /^cannot list nodes: xxx/, retryAfterMs: 5000 });
    t.ok((error as Error).message.length < 500);
    if (!Number.isFinite(bytes)) await until(() => isClosed);
  });
}
