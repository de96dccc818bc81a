// SPDX-License-Identifier: Apache-2.0
// Tells whoever describes a pod why it does not start: its pool has no address left on this node.
import { type PoolRef, poolKey } from "../pool/pool.ts";
import type { Metadata } from "./call.ts";
import { exhaustedMessage } from "./exhausted.ts";

export type PodEvent = {
  readonly about: {
    readonly apiVersion: "v1";
    readonly kind: "Pod";
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Warning";
  readonly reason: string;
  readonly message: string;
};

export type PoolEventsOptions = {
  /** Returns at once. */
  readonly record: (event: PodEvent) => void;
  /** The pod as the API knows it, by "namespace/name": a static pod's UID is another there than the runtime's. */
  readonly findPod: (key: string) => { readonly uid: string; readonly isMirror: boolean } | undefined;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs?: () => number;
};

/** kubelet tries a pod again and again: one word in this time is enough. */
const AGAIN_MS = 5 * 60_000;
/** A node full of waiting pods says no more than this in a minute. */
const PER_MINUTE = 20;
const REMEMBERED_MAX = 2000;

export class PoolEvents {
  readonly #options: PoolEventsOptions;
  readonly #now: () => number;
  /** When each pod was told of each pool, in the order of time. */
  readonly #told = new Map<string, number>();

  constructor(options: PoolEventsOptions) {
    this.#options = options;
    this.#now = options.nowMs ?? (() => performance.now());
  }

  /** An Allocate for the pod found nothing free in the pool. Callers that name no pod are nobody's event. */
  exhausted(pool: PoolRef, { podNamespace, podName, podUid }: Metadata): void {
    if (podNamespace === "" || podName === "") return;
    const place = `${podNamespace}/${podName}`;
    const known = this.#options.findPod(place);
    const uid = known !== undefined && (known.isMirror || podUid === "") ? known.uid : podUid;
    if (!this.#admit(JSON.stringify([place, uid, poolKey(pool)]))) return;
    this.#options.record({
      about: { apiVersion: "v1", kind: "Pod", namespace: podNamespace, name: podName, uid },
      type: "Warning",
      reason: "NoFreeAddresses",
      message: exhaustedMessage(pool),
    });
  }

  #admit(key: string): boolean {
    const now = this.#now();
    for (const [old, at] of this.#told) {
      if (now - at < AGAIN_MS) break;
      this.#told.delete(old);
    }
    if (this.#told.has(key) || this.#told.size >= REMEMBERED_MAX) return false;
    const lately = [...this.#told.values()].slice(-PER_MINUTE);
    if (lately.length === PER_MINUTE && now - lately[0]! < 60_000) return false;
    this.#told.set(key, now);
    return true;
  }
}
