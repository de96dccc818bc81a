// SPDX-License-Identifier: Apache-2.0
// When the work begins, and in which order it ends.
import { test } from "tap";
import type { Controller } from "../../lib/controller/controller.ts";
import { startProgram } from "../../lib/controller/program.ts";
import { recordingLog } from "../support/log.ts";
import { manualClock } from "./manual-clock.ts";

/** A controller whose only key waits from the start, and whose caches are read when the test says so. */
function setUp({ elects }: { readonly elects: boolean }) {
  const done: string[] = [];
  const [ready, fresh] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [elected, lost] = [Promise.withResolvers<void>(), Promise.withResolvers<Error>()];
  const clock = manualClock();
  const controller: Controller = {
    name: "IPPool",
    notReady: () => undefined,
    whenReady: () => ready.promise,
    refresh() {
      done.push("refresh");
      return fresh.promise;
    },
    watch: (enqueue) => enqueue("ns/p"),
    async reconcile(key) {
      done.push(key);
      return { state: "done", wrote: false };
    },
  };
  const part = (name: string) => ({ stop: async () => void done.push(`stop ${name}`) });
  const program = startProgram({
    sources: [{ ...part("source"), start: () => void done.push("start source") }],
    controllers: [controller],
    startEndpoints: async () => part("endpoints"),
    ...(elects && {
      elect: () => ({ whenElected: elected.promise, lost: lost.promise, ...part("leadership") }),
    }),
    events: part("events"),
    meter: { queueLength: () => undefined, leader: (is) => void done.push(is ? "leads" : "stands by") },
    log: recordingLog().log,
    clock,
  });
  return { program, done, ready, fresh, elected, lost, clock };
}

test("alone it works as soon as everything is known", async (t) => {
  const { program, done, ready, clock } = setUp({ elects: false });
  await program;
  await clock.pass(0);
  t.same(done, ["start source", "leads"]);
  ready.resolve();
  await clock.pass(0);
  t.same(done.slice(2), ["ns/p"]);
  await (await program).stop();
});

test("elected, it works on what was read after that: what it saw before may lack nodes that have blocks", async (t) => {
  const { program, done, ready, fresh, elected, clock } = setUp({ elects: true });
  await program;
  ready.resolve();
  await clock.pass(0);
  t.same(done, ["start source", "stands by"]);
  elected.resolve();
  await clock.pass(0);
  t.same(done.slice(2), ["leads", "refresh"]);
  fresh.resolve();
  await clock.pass(0);
  t.same(done.slice(4), ["ns/p"]);
  await (await program).stop();
  t.equal(done[5], "stop leadership", "given back before the rest ends");
  t.same(done.slice(6).sort(), ["stop endpoints", "stop events", "stop source"]);
});

test("the leadership lost, nothing is begun any more", async (t) => {
  const { program, done, fresh, elected, lost, clock } = setUp({ elects: true });
  const { died } = await program;
  elected.resolve();
  await clock.pass(0);
  lost.resolve(new Error("taken"));
  t.match(await died, { message: "taken" });
  fresh.resolve();
  await clock.pass(0);
  t.notOk(done.includes("ns/p"));
  t.equal(done.at(-1), "stands by");
});

test("a stop while it stands by works never", async (t) => {
  const { program, done, elected, clock } = setUp({ elects: true });
  await (await program).stop();
  elected.resolve();
  await clock.pass(0);
  t.notOk(done.includes("refresh"));
});
