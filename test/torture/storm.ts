// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import { inParallel } from "../support/reservations.ts";
import type { Caller } from "./caller.ts";
import type { Attachment, Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";
import { drawWish } from "./wish.ts";

export type StormOptions = {
  readonly caller: Caller;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Plugin processes at a time. */
  readonly width: number;
  /** First part of the containers' names. */
  readonly prefix: string;
};

/** A lane keeps this many interfaces at most, so that pools do not just fill. */
const KEPT = 8;
const FAILED_PAUSE_MS = 200;
const DRAIN_MS = 60_000;

/** As many callers at once as it is wide, each with containers of its own; the calls for one come one after another. */
export class Storm {
  readonly #options: StormOptions;
  #running: Promise<unknown> | undefined;
  #stopping = false;
  #made = 0;

  constructor(options: StormOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#stopping = false;
    const { width, random } = this.#options;
    const lanes = Array.from({ length: width }, (_, i) => this.#lane(i, random.fork(`${this.#made}/${i}`)));
    this.#running = Promise.all(lanes);
  }

  /** No call runs afterwards. */
  async pause(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#running = undefined;
  }

  /** Waits for so many more successful calls; false when they do not come in time. */
  async succeeds(count: number, withinMs: number): Promise<boolean> {
    const { ledger } = this.#options;
    const enough = ledger.acknowledged + count;
    for (const giveUp = Date.now() + withinMs; ledger.acknowledged < enough; await sleep(10))
      if (Date.now() > giveUp) return false;
    return true;
  }

  /** DEL for each of these, once; how many were not acknowledged, with what the last of them was told. */
  async release(
    attachments: readonly Attachment[],
  ): Promise<{ readonly failed: number; readonly last: string }> {
    const { caller, width } = this.#options;
    const answers = await inParallel(attachments.length, width, (i) => caller.delete(attachments[i]!));
    const failed = answers.filter(({ kind }) => kind !== "done");
    return { failed: failed.length, last: JSON.stringify(failed.at(-1)) };
  }

  /** CHECK for so many that are held, and some that are not. */
  async probe(count: number): Promise<void> {
    const { caller, width, ledger, random } = this.#options;
    const known = random
      .shuffle(ledger.attachments.filter(({ state }) => state !== "unknown"))
      .slice(0, count);
    await inParallel(known.length, width, (i) => caller.check(known[i]!));
  }

  /** DEL until acknowledged for everything that may hold something. */
  async drain(): Promise<void> {
    const { ledger } = this.#options;
    for (const giveUp = Date.now() + DRAIN_MS; ; await sleep(100)) {
      const left = ledger.attachments.filter(({ state }) => state !== "free");
      const { failed, last } = await this.release(left);
      if (failed === 0) return;
      if (Date.now() > giveUp) return ledger.violate("stuck", `${failed} DELs fail without end: ${last}`);
    }
  }

  async #lane(lane: number, random: Random): Promise<void> {
    const { ledger } = this.#options;
    const mine = ledger.attachments.filter((one) => one.container.startsWith(this.#nameOf(lane)));
    while (!this.#stopping) {
      const failed = (await this.#step(lane, mine, random)).kind !== "done";
      if (failed) await sleep(random.between(0, FAILED_PAUSE_MS)); // a daemon at fault refuses at once
    }
  }

  #nameOf(lane: number): string {
    return `${this.#options.prefix}-${lane}-`;
  }

  #step(lane: number, mine: Attachment[], random: Random) {
    const { caller } = this.#options;
    const unknown = mine.find(({ state }) => state === "unknown");
    // A runtime sends DEL for what failed; one that lost its memory tries the same ADD once more.
    if (unknown !== undefined) return random.chance(0.85) ? caller.delete(unknown) : caller.add(unknown);
    const held = mine.filter(({ state }) => state === "held");
    const kind = random.next();
    if (held.length < KEPT && kind < 0.5) return caller.add(this.#open(lane, mine, random));
    if (held.length === 0) return caller.add(this.#open(lane, mine, random));
    const one = random.pick(held);
    if (kind < 0.6) return caller.addAgain(one);
    return kind < 0.75 ? caller.check(one) : caller.delete(one);
  }

  #open(lane: number, mine: Attachment[], random: Random): Attachment {
    const free = mine.filter(({ state }) => state === "free");
    // Sometimes a name that was used before; interface names are unique, as a pod's are.
    if (free.length > 0 && random.chance(0.2)) return random.pick(free);
    const n = this.#made++;
    const made = this.#options.ledger.open(`${this.#nameOf(lane)}${n}`, `e${n}`, drawWish(random));
    mine.push(made);
    return made;
  }
}
