// SPDX-License-Identifier: Apache-2.0
// A cache that must be as new as the API: a watch may be dead for a while before anybody notices.
import { test } from "tap";
import { watchNodes } from "../../lib/kube/nodes.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { follow, quick, until } from "./cluster-fixture.ts";
import { page, sendJson, startScriptedApi } from "./scripted-api.ts";

test("a refresh shows what a dead watch did not bring, without a word", async (t) => {
  let names = ["a", "b"];
  const api = await startScriptedApi(t, ({ query }, response) => {
    if (query.has("watch")) return void response.writeHead(200).flushHeaders();
    sendJson(response, 200, page(names));
  });
  const { log, events } = recordingLog();
  const nodes = watchNodes(api.cluster, { log, timing: quick });
  const told = await follow(t, nodes);
  told.take();
  const watches = () => api.asked.filter(({ query }) => query.has("watch")).length;
  await until(() => watches() === 1);
  names = ["b", "c"];
  await Promise.all([nodes.refresh(), nodes.refresh()]);
  t.strictSame(told.take(), ["-a", "+c"]);
  t.equal(nodes.trouble, undefined);
  await until(() => watches() === 2);
  names = ["c"];
  await nodes.refresh();
  t.strictSame(told.take(), ["-b"], "and again");
  t.strictSame(events, []);
});

test("a list that began before the refresh does not count", async (t) => {
  let names = ["a"];
  let hangs = true;
  const api = await startScriptedApi(t, ({ query }, response) => {
    if (query.has("watch")) return void response.writeHead(200).flushHeaders();
    const answer = page(names);
    if (!hangs) sendJson(response, 200, answer);
  });
  const nodes = watchNodes(api.cluster, { log: silentLog, timing: quick });
  nodes.start();
  t.teardown(() => nodes.stop());
  await until(() => api.asked.length === 1);
  names = ["a", "b"];
  hangs = false;
  await nodes.refresh();
  t.strictSame(
    nodes.list().map(({ name }) => name),
    ["a", "b"],
  );
  t.equal(nodes.synced, true);
});

test("a refresh waits while the API is away", async (t) => {
  let names = ["a"];
  let away = false;
  const api = await startScriptedApi(t, ({ query }, response) => {
    if (away) return void response.destroy();
    if (query.has("watch")) return void response.writeHead(200).flushHeaders();
    sendJson(response, 200, page(names));
  });
  const nodes = watchNodes(api.cluster, { log: silentLog, timing: quick });
  const told = await follow(t, nodes);
  told.take();
  away = true;
  let isFresh = false;
  const refreshed = nodes.refresh().then(() => {
    isFresh = true;
  });
  await until(() => nodes.trouble !== undefined);
  t.equal(isFresh, false);
  names = ["b"];
  away = false;
  await refreshed;
  t.strictSame(told.take(), ["-a", "+b"]);
});
