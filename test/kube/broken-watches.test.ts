// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from "node:http";
import { test } from "tap";
import { watchNodes } from "../../lib/kube/nodes.ts";
import { recordingLog, silentLog } from "../support/log.ts";
import { follow, quick, until } from "./cluster-fixture.ts";
import { line, node, page, sendJson, sendStatus, startScriptedApi } from "./scripted-api.ts";

/** A server whose list is always the same; `watches` answers one watch after the other. */
function scripted(watches: ((response: ServerResponse) => void)[]) {
  return ({ query }: { query: URLSearchParams }, response: ServerResponse): void => {
    const watch = watches.length > 1 && query.has("watch") ? watches.shift() : watches[0];
    if (query.has("watch")) watch?.(response);
    else sendJson(response, 200, page(["a"], { version: "10" }));
  };
}

const silent = (response: ServerResponse): void => void response.writeHead(200).flushHeaders();

test("events cut anywhere, also within a character", async (t) => {
  const bytes = Buffer.concat([
    line("ADDED", node("b", "11", { label: "größer ☃ 𝄞" })),
    line("MODIFIED", node("a", "12", { x: "1" })),
    line("BOOKMARK", { metadata: { resourceVersion: "13" } }),
  ]);
  const api = await startScriptedApi(
    t,
    scripted([
      async (response) => {
        response.writeHead(200);
        for (const byte of bytes) {
          response.write(Buffer.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end('{"type":"DELETED","object":{"metadata":{"name":"b","resourceVers');
      },
      silent,
    ]),
  );
  const nodes = watchNodes(api.cluster, { log: silentLog, timing: quick });
  const told = await follow(t, nodes);
  await until(() => api.asked.filter(({ query }) => query.has("watch")).length === 2);
  t.strictSame(told.take(), ["+a", "+b", "~a"], "half an event is none");
  t.strictSame(nodes.find("b")?.labels, { label: "größer ☃ 𝄞" });
  t.equal(api.asked.at(-1)?.query.get("resourceVersion"), "13", "goes on after the bookmark, without a list");
  const { query } = api.asked.at(-1)!;
  t.equal(query.get("allowWatchBookmarks"), "true");
  t.ok(Number(query.get("timeoutSeconds")) >= 300 && Number(query.get("timeoutSeconds")) <= 600);
  t.match(
    api.asked.at(-1)?.headers.accept,
    /^application\/json;as=PartialObjectMetadata;.*,application\/json$/,
  );
});

test("silence ends a watch, bytes keep it", async (t) => {
  let isOver = false;
  const api = await startScriptedApi(
    t,
    scripted([
      async (response) => {
        response.writeHead(200).flushHeaders();
        for (let version = 11; version < 19; version++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          response.write(line("BOOKMARK", { metadata: { resourceVersion: String(version) } }));
        }
        isOver = true;
      },
      silent,
    ]),
  );
  const { log, events } = recordingLog();
  const nodes = watchNodes(api.cluster, { log, timing: { ...quick, silenceMs: 400 } });
  await follow(t, nodes);
  await until(() => isOver);
  t.equal(api.asked.length, 2, "one list, one watch so far");
  await until(() => api.asked.length === 3);
  t.equal(api.asked.at(-1)?.query.get("resourceVersion"), "18");
  t.match(events, [{ level: "info", fields: { err: "nothing came for 0.4 s" } }], "that is no trouble yet");
});

for (const [what, send] of Object.entries({
  "410 in the stream": (response: ServerResponse) =>
    response
      .writeHead(200)
      .end(line("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" })),
  "410 as the answer": (response: ServerResponse) => sendStatus(response, 410, "Gone"),
  "an unknown error in the stream": (response: ServerResponse) =>
    response.writeHead(200).end(line("ERROR", { kind: "Status", code: 500, message: "cannot decode" })),
  "a version from the future": (response: ServerResponse) => sendStatus(response, 504, "Timeout"),
  "what is no JSON": (response: ServerResponse) => response.writeHead(200).end("<html>\n"),
  "what is no event": (response: ServerResponse) => response.writeHead(200).end('["a"]\n{"type":"A"}\n'),
  "an event without end": (response: ServerResponse) => {
    response.writeHead(200);
    for (let megabyte = 0; megabyte < 10; megabyte++) response.write("x".repeat(2 ** 20));
  },
})) {
  test(`${what}: the list is read anew`, async (t) => {
    const api = await startScriptedApi(t, scripted([send, silent]));
    const nodes = watchNodes(api.cluster, { log: silentLog, timing: quick });
    const told = await follow(t, nodes);
    await until(() => api.asked.length === 4);
    t.strictSame(
      api.asked.map(({ query }) => query.has("watch")),
      [false, true, false, true],
    );
    t.strictSame(told.take(), ["+a"], "what is the same is no change");
    await until(() => nodes.trouble === undefined);
  });
}

test("429 is waited for as long as the server says, and resumed", async (t) => {
  const api = await startScriptedApi(
    t,
    scripted([(response) => sendStatus(response, 429, "TooManyRequests", { "retry-after": "1" }), silent]),
  );
  const nodes = watchNodes(api.cluster, { log: silentLog, timing: quick });
  await follow(t, nodes);
  await until(() => nodes.trouble !== undefined);
  const began = performance.now();
  await until(() => nodes.trouble === undefined);
  t.ok(performance.now() - began > 900, "Retry-After");
  t.equal(api.asked.length, 3, "no second list");
});

test("a server that ends every watch at once is not stormed", async (t) => {
  const times: number[] = [];
  const api = await startScriptedApi(
    t,
    scripted([
      (response) => {
        times.push(performance.now());
        response.writeHead(200).end();
      },
    ]),
  );
  const nodes = watchNodes(api.cluster, { log: silentLog, timing: { firstMs: 40, longestMs: 160 } });
  await follow(t, nodes);
  await until(() => times.length === 6);
  for (const [i, leastMs] of [20, 40, 80, 80, 80].entries()) {
    const waitMs = times[i + 1]! - times[i]!;
    t.ok(waitMs > leastMs - 2, `${waitMs} ms before watch ${i + 2}`); // a timer may be early by one
  }
});

test("stop ends a watch, and nobody is told any more", async (t) => {
  let watch: ServerResponse | undefined;
  const api = await startScriptedApi(
    t,
    scripted([
      (response) => {
        silent(response);
        watch = response;
      },
    ]),
  );
  const nodes = watchNodes(api.cluster, { log: silentLog });
  const told = await follow(t, nodes);
  told.take();
  await until(() => watch !== undefined);
  const closed = new Promise((resolve) => watch?.on("close", resolve));
  watch?.write(line("ADDED", node("late", "11")));
  await nodes.stop();
  await closed;
  t.strictSame(told.take(), []);
  t.equal(nodes.list().length > 0, true, "the cache stays");
});
