// SPDX-License-Identifier: Apache-2.0
import type { Logger } from "../log/log.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Controller } from "./controller.ts";
import type { Leadership } from "./leadership.ts";
import type { ProgramMeter } from "./meter.ts";
import { WorkQueue } from "./work-queue.ts";

type Stoppable = { stop(): Promise<void> };

/** What the controller program is made of. */
export type ProgramParts = {
  /** What follows the API; also in standby, so that taking over is quick. */
  readonly sources: readonly (Stoppable & { start(): void })[];
  readonly controllers: readonly Controller[];
  /** Probes, metrics, webhook: served by a standby too. Rejects with an Error that can be shown as it is. */
  readonly startEndpoints: (notReady: () => string | undefined) => Promise<Stoppable>;
  /** Absent: it works at once. */
  readonly elect?: () => Leadership;
  /** Ended after everything that uses it. */
  readonly events: Stoppable;
  readonly meter: ProgramMeter;
  readonly log: Logger;
  readonly clock?: Clock;
};

export type Program = {
  /** Resolves when the leadership is lost: only a new process may go on. */
  readonly died: Promise<Error>;
  /** Never rejects: what goes wrong is logged. */
  stop(): Promise<void>;
};

// Together below the 5 s that a stopping program has.
const DRAIN_MS = 1500;
const RELEASE_MS = 1500;
const REST_MS = 1200;

/** Follows the API at once, and works from the moment on that it is elected and knows what it computes from. */
export async function startProgram(parts: ProgramParts): Promise<Program> {
  const program = new ControllerProgram(parts);
  await program.start();
  return program;
}

class ControllerProgram implements Program {
  readonly #parts: ProgramParts;
  readonly #queues = new Map<Controller, WorkQueue>();
  readonly #depths = new Map<Controller, number>();
  readonly #died = Promise.withResolvers<Error>();
  #endpoints: Stoppable | undefined;
  #leadership: Leadership | undefined;
  #stopping = false;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    for (const controller of parts.controllers) this.#queues.set(controller, this.#createQueue(controller));
  }

  get died(): Promise<Error> {
    return this.#died.promise;
  }

  async start(): Promise<void> {
    const { controllers, sources, startEndpoints, elect, log } = this.#parts;
    this.#endpoints = await startEndpoints(() => {
      return controllers.map((controller) => controller.notReady()).find((reason) => reason !== undefined);
    });
    for (const [controller, queue] of this.#queues) controller.watch((key) => queue.add(key));
    for (const source of sources) source.start();
    void Promise.all(controllers.map((controller) => controller.whenReady())).then(() => log.info("ready"));
    this.#leadership = elect?.();
    void this.#work();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const { sources, events } = this.#parts;
    const drained = Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
    await this.#end("work in progress", drained, DRAIN_MS);
    // Given back only when nothing is written any more: the next controller begins at once.
    await this.#end("leadership", this.#leadership?.stop(), RELEASE_MS);
    await Promise.all([
      this.#end("sources", Promise.all(sources.map((source) => source.stop())), REST_MS),
      this.#end("events", events.stop(), REST_MS),
      this.#end("endpoints", this.#endpoints?.stop(), REST_MS),
    ]);
  }

  #createQueue(controller: Controller): WorkQueue {
    const { meter, clock = systemClock } = this.#parts;
    const log = this.#parts.log.named(controller.name.toLowerCase());
    return new WorkQueue({
      reconcile: (key) => controller.reconcile(key),
      onFailure: (key, error, againInMs) => log.error("reconcile failed", error, { key, againInMs }),
      onDepth: (depth) => {
        this.#depths.set(controller, depth);
        meter.queueLength([...this.#depths.values()].reduce((sum, each) => sum + each, 0));
      },
      clock,
    });
  }

  async #work(): Promise<void> {
    const { meter } = this.#parts;
    const isAlone = this.#leadership === undefined;
    meter.leader(isAlone);
    if (this.#leadership !== undefined) {
      await this.#leadership.whenElected;
      if (this.#stopping) return;
      void this.#leadership.lost.then((error) => this.#die(error));
      meter.leader(true);
    }
    // Each as soon as it can: one kind may not be installed yet. What a standby saw may be older than what the leader before
    // it knew: nodes that this one missed would lose their blocks.
    for (const [controller, queue] of this.#queues) {
      void (isAlone ? controller.whenReady() : controller.refresh()).then(() => {
        if (!this.#stopping) queue.start();
      });
    }
  }

  /** Another controller may work from now on. */
  #die(error: Error): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#parts.meter.leader(false);
    for (const queue of this.#queues.values()) void queue.stop();
    this.#died.resolve(error);
  }

  async #end(part: string, ended: undefined | Promise<unknown>, mostMs: number): Promise<void> {
    const { clock = systemClock, log } = this.#parts;
    const late = Promise.withResolvers<"late">();
    const cancel = clock.after(mostMs, () => late.resolve("late"));
    try {
      if ((await Promise.race([ended, late.promise])) === "late")
        log.warn("a part did not stop in time", { part });
    } catch (error) {
      log.error("a part did not stop cleanly", error, { part });
    } finally {
      cancel();
    }
  }
}
