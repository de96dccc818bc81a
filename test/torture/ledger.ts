// SPDX-License-Identifier: Apache-2.0
// What all callers have been told so far, and what must therefore hold: the first half of the oracle. The second,
// audit.ts, compares it with what the daemon says that it holds.
import { Code } from "../../lib/rpc/code.ts";
import type { CallAnswer } from "./call-answer.ts";
import type { Wish } from "./wish.ts";

export type Violation = {
  /** `wrong`: an answer that cannot be. `late`: a call beyond its deadline. `stuck`: what should heal does not. */
  readonly kind: "duplicate" | "loss" | "leak" | "half" | "late" | "wrong" | "stuck";
  readonly text: string;
  /** What had been done to the daemon. */
  readonly fault?: string;
};

/**
 * One interface of a container. `free`: it holds nothing. `held`: its ADD was acknowledged and no DEL has begun.
 * `unknown`: a call has ended without an answer, or is running; only an acknowledged DEL says more.
 */
export type Attachment = {
  readonly container: string;
  readonly ifName: string;
  readonly wish: Wish;
  state: "free" | "held" | "unknown";
  /** When held: one for each pool of the wish, in that order. */
  addresses: readonly string[];
  /** Counts the answers that changed it. */
  version: number;
  /** The store was rebuilt of what was left of it: it may hold more than was told, until its DEL. */
  isDoubtful: boolean;
};

export type Snapshot = ReadonlyMap<Attachment, number>;

/** Where an address is unique. */
export function placeOf({ wish }: Attachment, i: number, address: string): string {
  return `${wish.poolType}/${wish.pools[i]} ${address}`;
}

export class Ledger {
  readonly attachments: Attachment[] = [];
  readonly violations: Violation[] = [];
  /** Successful calls. */
  acknowledged = 0;
  readonly #living = new Map<string, Attachment>();

  violate(kind: Violation["kind"], text: string): void {
    this.violations.push({ kind, text });
  }

  /** Says of all violations from this one on which fault they came with. */
  label(from: number, fault: string): void {
    for (let i = from; i < this.violations.length; i++)
      this.violations[i] = { ...this.violations[i]!, fault };
  }

  open(container: string, ifName: string, wish: Wish): Attachment {
    const attachment: Attachment = {
      ...{ container, ifName, wish, version: 0, isDoubtful: false },
      ...{ state: "free" as const, addresses: [] },
    };
    this.attachments.push(attachment);
    return attachment;
  }

  /** ADD for one that holds nothing as far as is known. Returns what takes its answer. */
  beginAdd(attachment: Attachment): (answer: CallAnswer) => void {
    const before = attachment.state;
    attachment.state = "unknown";
    return (answer) => {
      if (answer.kind === "done") this.#hold(attachment, answer.addresses);
      if (answer.kind === "broken") this.#wrong("ADD", attachment, answer.text);
      if (answer.kind !== "refused") return;
      if (answer.code === Code.AlreadyExists && before === "free")
        this.violate("leak", `${name(attachment)} held nothing, and ADD says: ${answer.text}`);
      else if (answer.code === Code.InvalidArgument || answer.code === Code.NotFound)
        this.#wrong("ADD", attachment, answer.text);
      if (before === "free") attachment.state = "free";
    };
  }

  /** A second ADD for one that is held: it must be refused and change nothing. */
  beginRepeat(attachment: Attachment): (answer: CallAnswer) => void {
    return (answer) => {
      const expected = answer.kind === "refused" && answer.code === Code.AlreadyExists;
      if (!expected && answer.kind !== "unanswered")
        this.#wrong("a second ADD", attachment, JSON.stringify(answer));
    };
  }

  beginDelete(attachment: Attachment): (answer: CallAnswer) => void {
    this.#release(attachment);
    return (answer) => {
      if (answer.kind === "done") {
        this.acknowledged++;
        attachment.state = "free";
        attachment.isDoubtful = false;
        attachment.version++;
      } else if (answer.kind !== "unanswered") this.#wrong("DEL", attachment, answer.text);
    };
  }

  /** CHECK for one that is held or free. */
  beginCheck(attachment: Attachment): (answer: CallAnswer) => void {
    return (answer) => {
      const held = attachment.state === "held";
      if (answer.kind === "done") this.acknowledged++;
      if (answer.kind === "done" && !held)
        this.violate("leak", `${name(attachment)} was released, and CHECK still finds it`);
      if (answer.kind === "refused" && answer.code === Code.NotFound && held)
        this.violate(
          "loss",
          `${name(attachment)} holds ${attachment.addresses}, and CHECK says: ${answer.text}`,
        );
      else if (answer.kind === "broken" || (answer.kind === "refused" && answer.code !== Code.NotFound))
        this.#wrong("CHECK", attachment, answer.text);
    };
  }

  snapshot(): Snapshot {
    return new Map(this.attachments.map((attachment) => [attachment, attachment.version]));
  }

  /** The store has been set back on purpose: nothing is known of what was answered since. */
  rewind(snapshot: Snapshot): void {
    for (const attachment of this.attachments)
      if ((snapshot.get(attachment) ?? 0) !== attachment.version) this.#release(attachment);
  }

  /** The store has been rebuilt: what is held must be there, what was released may be there again. */
  doubtReleases(): void {
    for (const attachment of this.attachments) {
      attachment.isDoubtful = true;
      if (attachment.state === "free") attachment.state = "unknown";
    }
  }

  #hold(attachment: Attachment, addresses: readonly string[]): void {
    this.acknowledged++;
    const { pools, ips } = attachment.wish;
    if (addresses.length !== pools.length || ips.some((ip) => !addresses.includes(ip)))
      this.#wrong("ADD", attachment, `it was given ${addresses.join(", ") || "nothing"}`);
    attachment.state = "held";
    attachment.addresses = addresses;
    attachment.version++;
    for (const [i, address] of addresses.entries()) {
      const place = placeOf(attachment, i, address);
      const other = this.#living.get(place);
      if (other !== undefined && other !== attachment)
        this.violate("duplicate", `${place} was given to ${name(attachment)} while ${name(other)} holds it`);
      this.#living.set(place, attachment);
    }
  }

  #release(attachment: Attachment): void {
    for (const [i, address] of attachment.addresses.entries()) {
      const place = placeOf(attachment, i, address);
      if (this.#living.get(place) === attachment) this.#living.delete(place);
    }
    attachment.state = "unknown";
    attachment.addresses = [];
  }

  #wrong(command: string, attachment: Attachment, text: string): void {
    this.violate("wrong", `${command} of ${name(attachment)} (${attachment.wish.pools}): ${text}`);
  }
}

export function name({ container, ifName }: Attachment): string {
  return `${container}/${ifName}`;
}
