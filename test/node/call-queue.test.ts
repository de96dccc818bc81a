// SPDX-License-Identifier: Apache-2.0
import { test } from "tap";
import { CallQueue } from "../../lib/node/call-queue.ts";
import type { QueuedCall } from "../../lib/node/thread-messages.ts";
import type { RpcError } from "../../lib/rpc/error.ts";

const call: QueuedCall = { name: "listPools", request: null };

const codeOf = (promise: Promise<unknown>): Promise<number | "ok"> =>
  promise.then(
    () => "ok" as const,
    (error: unknown) => (error as RpcError).code,
  );

test("calls are taken in order, and those that nobody waits for are dropped at their turn", async (t) => {
  const queue = new CallQueue(10);
  const gone = new AbortController();
  const outcomes = [0, 1, 2, 3].map((i) => codeOf(queue.push(call, i === 1 ? gone.signal : undefined)));
  gone.abort();
  t.equal(await codeOf(queue.push(call, gone.signal)), 1, "it had gone before");
  const taken = queue.take(2);
  t.equal(taken.length, 2, "what was dropped does not count");
  t.equal(queue.length, 1);
  taken.push(...queue.take(2));
  for (const { settle } of taken) settle({ ok: true, answer: null });
  t.same(await Promise.all(outcomes), ["ok", 1, "ok", "ok"]);
});

test("a full queue refuses at once, and soon makes room of what nobody waits for", async (t) => {
  const queue = new CallQueue(3);
  const gone = new AbortController();
  const waiting = [undefined, gone.signal, gone.signal].map((signal) => codeOf(queue.push(call, signal)));
  await t.rejects(queue.push(call), {
    code: 8,
    retryAfterMs: 500,
    message:
      "the queue of the store is full: 3 calls are waiting already, and nothing was done for this one; try again in a second",
  });
  gone.abort();
  let next: ReturnType<typeof codeOf>;
  do {
    await new Promise((done) => setTimeout(done, 20));
    next = codeOf(queue.push(call));
  } while (queue.length !== 2);
  t.same(await Promise.all(waiting.slice(1)), [1, 1]);
  const last = codeOf(queue.push(call));
  t.equal(await codeOf(queue.push(call)), 8);
  for (const { settle } of queue.take(9)) settle({ ok: true, answer: null });
  t.same(await Promise.all([waiting[0], next, last]), ["ok", "ok", "ok"]);
});

test("what the daemon itself asks for is not refused", async (t) => {
  const queue = new CallQueue(0);
  const own = codeOf(queue.push({ name: "setShares", request: { shares: [], keep: [] } }));
  t.equal(await codeOf(queue.push(call)), 8);
  queue.take(1)[0]!.settle({ ok: true, answer: null });
  t.equal(await own, "ok");
});
