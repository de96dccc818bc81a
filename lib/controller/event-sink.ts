// SPDX-License-Identifier: Apache-2.0
// Where the controller tells people what it found; lib/kube brings it, cmd passes it in.

/** Whom an event is about. */
export type ObjectReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

export type EventReason =
  | "InvalidSpec"
  | "NoFreeRanges"
  | "NoFreePrefixes"
  | "BlockReassigned"
  | "OverlappingPools"
  | "StatusNearlyFull"
  | "StatusTooLarge";

/** Takes events of the API; never throws. */
export type EventSink = {
  record(event: {
    readonly about: ObjectReference;
    readonly type: "Normal" | "Warning";
    readonly reason: EventReason;
    readonly message: string;
  }): void;
};
