// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { ListedReservation } from "../support/reservations.ts";
import { audit } from "./audit.ts";
import { Caller } from "./caller.ts";
import type { Fault, World } from "./fault.ts";
import { Ledger, type Violation } from "./ledger.ts";
import type { RoundPlan } from "./plan.ts";
import { writeResultCache } from "./result-cache.ts";
import { type Means, type Stage, setStage } from "./stage.ts";
import { Storm } from "./storm.ts";

export type RoundResult = {
  readonly number: number;
  readonly faults: readonly string[];
  readonly counts: Caller["counts"];
  readonly acknowledged: number;
  readonly slowestMs: number;
  readonly violations: readonly Violation[];
  readonly seconds: number;
  /** Where what is left of a round with violations lies. */
  readonly kept?: string;
};

// Long for a machine that does other things meanwhile: what does not heal does not heal later either.
const HEALS_MS = 60_000;
const STOPS_MS = 15_000;
const CLEANED_MS = 60_000;
const CHECKED = 64;
/** A container whose pod the API does not know: the cleaner must release it, or that it released nothing else says little. */
const GHOST = "ghost";

/** One daemon, one store, a storm of callers, and the faults of the plan one after another. */
export async function runRound(plan: RoundPlan, means: Means): Promise<RoundResult> {
  const began = performance.now();
  const ledger = new Ledger();
  const stage = await setStage(plan, means);
  const { subject } = stage;
  const ipam = {
    daemonSocket: `unix://${subject.site.socket}`,
    confDir: stage.dir,
    logFile: subject.site.log,
  };
  const caller = new Caller({
    ...{ runner: means.runner, ledger, random: plan.random, pods: stage.pods, ipam },
    timeoutSeconds: plan.timeoutSeconds,
  });
  const storm = new Storm({ caller, ledger, random: plan.random, width: means.width, prefix: "c" });
  const round = new Round({ plan, stage, ledger, caller, storm, pace: means.pace });
  try {
    await round.run(() => summonGhost(stage, means, plan));
  } catch (error) {
    ledger.violate("stuck", `the round broke off: ${(error as Error).stack}`);
    await storm.pause();
  } finally {
    await stage.clear(ledger.violations.length > 0);
  }
  return {
    number: plan.number,
    faults: plan.faults.map(({ name }) => name),
    counts: caller.counts,
    acknowledged: ledger.acknowledged,
    slowestMs: caller.slowestMs,
    violations: ledger.violations,
    seconds: (performance.now() - began) / 1000,
    ...(ledger.violations.length > 0 && { kept: stage.dir }),
  };
}

/** An ADD for a pod that is not there. */
async function summonGhost({ subject }: Stage, { runner }: Means, plan: RoundPlan): Promise<void> {
  const ended = await runner.call({
    command: "ADD",
    container: GHOST,
    ifName: "net1",
    args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=ghost;K8S_POD_UID=none",
    conf: {
      cniVersion: "1.0.0",
      name: "torture",
      ipam: {
        type: "nv-ipam",
        poolName: "flat",
        daemonSocket: `unix://${subject.site.socket}`,
        logFile: subject.site.log,
        daemonCallTimeoutSeconds: plan.timeoutSeconds,
      },
    },
  });
  if (ended.status !== 0) throw new Error(`the first ADD failed: ${ended.stdout}`);
}

type RoundParts = {
  readonly plan: RoundPlan;
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly caller: Caller;
  readonly storm: Storm;
  readonly pace: number;
};

class Round {
  readonly #parts: RoundParts;
  readonly #world: World;

  constructor(parts: RoundParts) {
    this.#parts = parts;
    const { plan, stage, ledger, caller, storm, pace } = parts;
    const { random } = plan;
    this.#world = {
      ...stage,
      ...{ ledger, storm, random },
      timeoutMs: plan.timeoutSeconds * 1000,
      writeResults: (dir) =>
        writeResultCache(dir, ledger.attachments, (attachment) => caller.describe("ADD", attachment)),
      audit: () => this.#audit(),
      hold: (least, most) => sleep(random.between(least, most) * pace),
    };
  }

  async run(haunt: () => Promise<void>): Promise<void> {
    const { plan, stage, storm, ledger } = this.#parts;
    const { subject, tenancy } = stage;
    subject.start();
    if (!(await subject.becomes("ready", HEALS_MS))) throw new Error(`no start:\n${subject.logTail()}`);
    const blocks = await tenancy?.allocations();
    if (tenancy !== undefined) await haunt();
    storm.start();
    if (!(await storm.succeeds(100, HEALS_MS))) throw new Error(`no call succeeds:\n${subject.logTail()}`);
    for (const fault of plan.faults) await this.#suffer(fault);
    await storm.pause();
    if (tenancy !== undefined && (await tenancy.allocations()) !== blocks)
      ledger.violate("wrong", `blocks have changed: ${blocks} became ${await tenancy.allocations()}`);
    if (tenancy !== undefined) await this.#waitForCleaner();
    await storm.drain();
    await this.#audit();
    await this.#end();
  }

  async #suffer(fault: Fault): Promise<void> {
    const { stage, storm, ledger } = this.#parts;
    const { subject } = stage;
    const { length: before } = ledger.violations;
    await fault.inject(this.#world);
    storm.start();
    const goesOn = await storm.succeeds(100, HEALS_MS);
    const isReady = await subject.becomes("ready", HEALS_MS);
    if (!goesOn || !isReady) {
      const state = `${JSON.stringify(await subject.readyz())}\n${subject.logTail()}`;
      ledger.violate("stuck", `${goesOn ? "not ready" : "no call succeeds"} after the end of it: ${state}`);
    }
    await this.#world.hold(100, 500);
    await storm.pause();
    const deaths = subject.deaths.splice(0);
    if (!fault.mayDie) for (const death of deaths) ledger.violate("stuck", death);
    await this.#audit();
    await storm.probe(CHECKED);
    // So that the report says what had happened.
    ledger.label(before, fault.name);
    storm.start();
  }

  async #audit(): Promise<void> {
    const { stage, ledger } = this.#parts;
    for (const { kind, text } of audit(ledger, await this.#list(), new Set([GHOST])))
      ledger.violate(kind, text);
    const checked = await stage.subject.debug("check", "-o", "json");
    const findings = JSON.parse(checked.stdout || "[]") as {
      check: string;
      severity: string;
      message: string;
    }[];
    for (const { check, severity, message } of findings)
      if (severity === "error" && /^(store|reservations|pools)$/.test(check))
        ledger.violate("wrong", message);
  }

  async #list(): Promise<ListedReservation[]> {
    const { status, stdout, stderr } = await this.#parts.stage.subject.debug("reservations", "-o", "json");
    if (status !== 0) throw new Error(`ipam-node reservations failed: ${stderr}`);
    return JSON.parse(stdout) as ListedReservation[];
  }

  async #waitForCleaner(): Promise<void> {
    for (const giveUp = Date.now() + CLEANED_MS; ; await sleep(200)) {
      if ((await this.#list()).every(({ containerId }) => containerId !== GHOST)) return;
      if (Date.now() > giveUp)
        return this.#parts.ledger.violate(
          "leak",
          "the reservation of a pod that is not there is not released",
        );
    }
  }

  async #end(): Promise<void> {
    const { stage, ledger } = this.#parts;
    const began = performance.now();
    const status = await stage.subject.stop("SIGTERM");
    const ms = Math.round(performance.now() - began);
    if (status !== 0) ledger.violate("stuck", `SIGTERM ended it with ${status}:\n${stage.subject.logTail()}`);
    if (ms > STOPS_MS) ledger.violate("late", `SIGTERM took ${ms} ms`);
  }
}
