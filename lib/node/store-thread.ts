// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Code } from "../rpc/code.ts";
import { RpcError, toRpcError } from "../rpc/error.ts";
import type { Caller, CallName, Calls, Desk } from "./call.ts";
import { packCalls, unpackOutcomes } from "./call-packing.ts";
import { CallQueue, type WaitingCall } from "./call-queue.ts";
import type { OpenOptions, StoreOrigin } from "./store-open.ts";
import type { CallOutcome, FromStore, QueuedCall, StoreThreadData, ToStore } from "./thread-messages.ts";

/** More calls than this in one transaction would make the first of them wait for nothing. */
const BATCH_MAX = 256;
const QUEUE_MAX = 4096;

/** Told of each commit that went to the disk: how long it took and how many calls shared it. */
export type StoreMeter = { committed(seconds: number, calls: number): void };

export type StoreThreadOptions = {
  readonly storeFile: string;
  /** The worker's program, store-worker.ts or its bundle. */
  readonly workerUrl: URL;
  /** How to open it. */
  readonly open?: OpenOptions;
  /** How many calls may wait; one more is refused with ResourceExhausted. */
  readonly maxQueue?: number;
  readonly meter?: StoreMeter;
};

/** The Desk over the store thread. */
export class StoreThread implements Desk {
  /** Resolves when the thread has ended though nobody stopped it: the daemon should end too (see #die). */
  readonly died: Promise<Error>;
  readonly origin: StoreOrigin;
  /** Resolves when the thread has closed a store that it found at fault: another one can be opened in its place. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #exit: Promise<void>;
  readonly #queue: CallQueue;
  readonly #meter: StoreMeter | undefined;
  readonly #faultListeners = new Set<(fault: string) => void>();
  readonly #resolveDied: (error: Error) => void;
  #running: readonly WaitingCall[] = [];
  #fault: string | undefined;
  #stopping = false;
  #exited = false;
  #crashed = false;

  /**
   * Use startStoreThread. `worker`: has said as its `first` message that the store is open, or why it is not. `exit`: of the
   * worker, which may have ended since.
   */
  constructor(worker: Worker, options: StoreThreadOptions, first: FromStore, exit: Promise<number>) {
    this.#worker = worker;
    if (first.kind === "fault") this.#fault = first.message;
    this.origin = first.kind === "opened" ? first : {};
    this.#meter = options.meter;
    this.#queue = new CallQueue(options.maxQueue ?? QUEUE_MAX);
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.died = promise;
    this.#resolveDied = resolve;
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    worker.on("message", (message: FromStore) => this.#receive(message));
    worker.on("error", (error: unknown) => this.#die(toRpcError(error)));
    this.#exit = exit.then((code) => {
      this.#exited = true;
      const expected = this.#running.length === 0 && (this.#stopping || this.#fault !== undefined);
      if (!expected) this.#die(new Error(`it exited with code ${code}`));
      else if (!this.#stopping && !this.#crashed) ended.resolve();
    });
  }

  async call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    caller?: Caller,
  ): Promise<Calls[N]["answer"]> {
    if (this.#fault !== undefined) throw new RpcError(Code.Unavailable, this.#fault);
    if (this.#stopping) throw new RpcError(Code.Unavailable, "the daemon is stopping");
    const waiting = this.#queue.push({ name, request } as QueuedCall, caller);
    this.#next();
    const outcome = await waiting;
    if (!outcome.ok) throw new RpcError(outcome.code, outcome.message);
    return outcome.answer as Calls[N]["answer"];
  }

  /** Why nothing can be answered, for as long as the process lives; undefined while all is well. */
  fault(): string | undefined {
    return this.#fault;
  }

  /** Calls `listener` when a fault arises; a fault never goes again. The function returned stops that. */
  onFaultChange(listener: (fault: string) => void): () => void {
    this.#faultListeners.add(listener);
    return () => this.#faultListeners.delete(listener);
  }

  /** Answers what waits, refuses what comes, and returns when the store is closed and its lock free. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#exited) return;
    if (this.#fault !== undefined) this.#send({ kind: "stop" });
    else this.#next();
    await this.#exit;
  }

  /** Gives the store thread the next batch when it has none: everything that waits shares one commit. */
  #next(): void {
    if (this.#running.length > 0 || this.#exited || this.#fault !== undefined) return;
    this.#running = this.#queue.take(BATCH_MAX);
    if (this.#running.length > 0)
      this.#send({ kind: "batch", calls: packCalls(this.#running.map(({ call }) => call)) });
    else if (this.#stopping) this.#send({ kind: "stop" });
  }

  #send(message: ToStore): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromStore): void {
    if (message.kind === "fault") this.#fail(message.message);
    if (message.kind !== "answers") return;
    const answered = this.#running;
    this.#running = [];
    if (message.committed) this.#meter?.committed(message.commitMs / 1000, answered.length);
    const calls = answered.map(({ call }) => call);
    for (const [i, outcome] of unpackOutcomes(calls, message.outcomes).entries())
      answered[i]!.settle(outcome);
    this.#next();
  }

  /**
   * The thread is not started again: an error that nobody caught says nothing about what its database handle still holds,
   * and a second handle in this process would not be kept out by the first one's lock. A new process is.
   */
  #die(error: Error): void {
    this.#crashed = true;
    const message = `the store thread has ended: ${error.message}`;
    this.#fail(message);
    this.#resolveDied(new Error(message, { cause: error }));
  }

  /** Says nothing itself: whoever listens to the fault, or waits for the end, logs it. */
  #fail(fault: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    const outcome: CallOutcome = { ok: false, code: Code.Unavailable, message: fault };
    for (const { settle } of [...this.#running, ...this.#queue.take(this.#queue.length)]) settle(outcome);
    this.#running = [];
    for (const listener of this.#faultListeners) listener(fault);
  }
}

/**
 * Opens the store in a thread of its own. Rejects with an error that says why the daemon cannot start (another process
 * has the store, no permission). A store that is there and unusable is no such reason: then fault() says so, and every
 * call rejects Unavailable with it.
 */
export async function startStoreThread(options: StoreThreadOptions): Promise<StoreThread> {
  const workerData: StoreThreadData = { storeFile: options.storeFile, options: options.open ?? {} };
  const worker = new Worker(options.workerUrl, { workerData, name: "store" });
  const exit = new Promise<number>((done) => worker.once("exit", done));
  const exited = once(worker, "exit"); // rejects for an error that nobody caught
  const first = await Promise.race([
    once(worker, "message").then(([message]) => message as FromStore),
    exited.then(
      ([code]) => ({ kind: "not-opened", message: `the store thread exited with code ${code}` }) as const,
    ),
  ]);
  if (first.kind === "not-opened") {
    await exited;
    throw new Error(first.message);
  }
  return new StoreThread(worker, options, first, exit);
}
