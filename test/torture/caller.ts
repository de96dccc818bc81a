// SPDX-License-Identifier: Apache-2.0
import { type CallAnswer, readAnswer } from "./call-answer.ts";
import type { AskedCall, CallRunner } from "./call-runner.ts";
import { type Attachment, type Ledger, name } from "./ledger.ts";
import type { Random } from "./random.ts";

/**
 * How much longer than its deadline a call may take: the process has to start and end as well. Time for which a busy
 * machine had no processor for it does not count.
 */
const GRACE_MS = 1000;

export type Pod = { readonly namespace: string; readonly name: string; readonly uid: string };

export type CallerOptions = {
  readonly runner: CallRunner;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Pods that the containers belong to. */
  readonly pods: readonly Pod[];
  /** Of every network configuration: daemonSocket, logFile, … */
  readonly ipam: Readonly<Record<string, unknown>>;
  readonly timeoutSeconds: number;
};

/** A container runtime: calls the plugin and tells the ledger what came of it. */
export class Caller {
  readonly counts = { ADD: 0, DEL: 0, CHECK: 0 };
  slowestMs = 0;
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  async add(attachment: Attachment): Promise<CallAnswer> {
    return this.#call("ADD", attachment, this.#options.ledger.beginAdd(attachment));
  }

  async addAgain(attachment: Attachment): Promise<CallAnswer> {
    return this.#call("ADD", attachment, this.#options.ledger.beginRepeat(attachment));
  }

  async delete(attachment: Attachment): Promise<CallAnswer> {
    return this.#call("DEL", attachment, this.#options.ledger.beginDelete(attachment));
  }

  async check(attachment: Attachment): Promise<CallAnswer> {
    return this.#call("CHECK", attachment, this.#options.ledger.beginCheck(attachment));
  }

  async #call(
    command: AskedCall["command"],
    attachment: Attachment,
    tell: (answer: CallAnswer) => void,
  ): Promise<CallAnswer> {
    const { runner, ledger, timeoutSeconds } = this.#options;
    this.counts[command]++;
    const ended = await runner.call(this.describe(command, attachment));
    const answer = readAnswer(ended);
    this.slowestMs = Math.max(this.slowestMs, ended.ms);
    if (ended.ms - ended.waitedMs > timeoutSeconds * 1000 + GRACE_MS) {
      const waited = `${Math.round(ended.waitedMs)} ms of it without a processor`;
      const text = `${command} of ${name(attachment)} took ${Math.round(ended.ms)} ms of ${timeoutSeconds} s, ${waited}`;
      ledger.violate("late", text);
    }
    tell(answer);
    return answer;
  }

  /** The call as a runtime makes it; some of it is drawn anew each time. */
  describe(command: AskedCall["command"], { container, ifName, wish }: Attachment): AskedCall {
    const { random, pods, ipam, timeoutSeconds } = this.#options;
    // The same pod for all calls of a container, whatever happens in between.
    const pod = random.fork(container).pick(pods);
    const viaArgs = wish.ips.length > 0 && random.chance(0.5);
    const args = [
      "IgnoreUnknown=1",
      `K8S_POD_NAMESPACE=${pod.namespace}`,
      `K8S_POD_NAME=${pod.name}`,
      ...(pod.uid === "" ? [] : [`K8S_POD_UID=${pod.uid}`]),
      ...(viaArgs ? [`IP=${wish.ips}`] : []),
    ];
    const conf = {
      cniVersion: random.pick(["0.4.0", "1.0.0", "1.1.0"]),
      name: "torture",
      ipam: {
        ...ipam,
        type: "nv-ipam",
        poolName: wish.pools.join(","),
        poolType: wish.poolType,
        daemonCallTimeoutSeconds: timeoutSeconds,
      },
      ...(wish.ips.length > 0 && !viaArgs && { runtimeConfig: { ips: wish.ips } }),
    };
    return { command, container, ifName, args: args.join(";"), conf };
  }
}
